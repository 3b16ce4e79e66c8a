//! S12: the first form, its bot check, and the queue of visitors without script.

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse, Response};
use keymend_domain::refusal::Refusal;

use crate::app::{HumanAnswer, StartForm, Started, Stop, Visitor};
use crate::human::{Challenge, Queue};
use crate::web::Web;
use crate::web::answer::{Answered, Desk, Halt, Reply, plain};
use crate::web::cookie::Cookie;
use crate::web::form::Fields;
use crate::web::landing::Own;
use crate::web::page::ErrorLine;
use crate::web::page::before_proof::{HumanCheck, QueueWait, Start};
use crate::web::problem::status_of;

/// `GET /reset`.  Writes nothing.
pub(super) async fn show(desk: Desk, RawQuery(query): RawQuery) -> Answered {
    let app = desk.web.app();
    if let Err(stop) = app.is_open() {
        return Ok(desk.stop(stop));
    }
    let user = query.as_deref().and_then(typed_name).unwrap_or_default();
    let lost_cookie = query.as_deref() == Some("cookie=lost");
    let challenge = challenge(&desk)?;
    if user.is_empty() && !lost_cookie && !app.directories().is_any_down() {
        let token = desk.web.tokens().open(app.now());
        let work = match &challenge {
            Some(Challenge::Work { token, bits }) => Some((token.as_str(), *bits)),
            Some(Challenge::Picture { .. }) => return Ok(form(&desk, Form::new(user, challenge))),
            None => None,
        };
        let own = Own {
            nonce: &desk.seen.nonce,
            token: &token,
            reference: &desk.seen.request_id,
            work,
        };
        if let Some(html) = desk.web.landing().page(desk.seen.lang, &own) {
            return Ok(desk.html(StatusCode::OK, html).done());
        }
    }
    let mut shown = Form::new(user, challenge);
    if lost_cookie {
        shown.errors = desk.lines(&Refusal::CookieMissing, None);
        shown.status = status_of(&Refusal::CookieMissing);
    }
    Ok(form(&desk, shown))
}

/// What this visitor is asked for before the first form counts.
fn challenge(desk: &Desk) -> Result<Option<Challenge>, Halt> {
    let app = desk.web.app();
    let challenge = app.human_challenge(&app.network_tags(desk.seen.address));
    challenge.map_err(|stop| desk.stop(stop).into())
}

/// The name in a deep link: `user`, or `username` as old links have it.
pub(super) fn typed_name(query: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let mut names = pairs.filter(|(name, _)| matches!(name.as_ref(), "user" | "username"));
    let (_, value) = names.next()?;
    (value.len() <= keymend_domain::account::CLAIM_BYTES_MAX).then(|| value.into_owned())
}

struct Form {
    user: String,
    human: HumanCheck,
    errors: Vec<ErrorLine>,
    status: StatusCode,
}

impl Form {
    fn new(user: String, challenge: Option<Challenge>) -> Self {
        let human = match challenge {
            None => HumanCheck::Off,
            Some(Challenge::Work { token, bits }) => HumanCheck::Work {
                challenge: token,
                bits: u32::from(bits),
            },
            Some(Challenge::Picture { token }) => HumanCheck::Picture { token },
        };
        Self {
            user,
            human,
            errors: Vec::new(),
            status: StatusCode::OK,
        }
    }
}

fn form(desk: &Desk, shown: Form) -> Response {
    let app = desk.web.app();
    let page = Start {
        user: shown.user,
        example: desk.web.site().user_example.clone(),
        down: app.directories().down_titles(),
        is_another_open: app.directories().is_another_open(None, &app.policy()),
        human: shown.human,
    };
    let mut frame = Desk::with_errors(desk.frame(), shown.errors);
    frame.here = "/reset".to_owned();
    desk.page(shown.status, &frame, &page).done()
}

/// `POST /reset`.
pub(super) async fn start(desk: Desk, mut fields: Fields) -> Answered {
    desk.expects(&fields, &["user", "human", "answer"])?;
    let user = fields.take("user");
    if !desk.is_current(&mut fields) {
        return again(&desk, user, &Refusal::FormStale, None);
    }
    let human = HumanAnswer {
        token: fields.take("human"),
        answer: fields.take("answer"),
    };
    let visitor = desk.visitor().await?;
    if human.token.is_empty() && matches!(challenge(&desk)?, Some(Challenge::Work { .. })) {
        return Ok(queue_up(&desk, &user));
    }
    match begin(&desk, user.clone(), human, &visitor).await {
        Ok(reply) => Ok(reply.done()),
        Err(Stop::Refused(refusal)) => again(&desk, user, &refusal, Some("user")),
        Err(stop) => Ok(desk.stop(stop)),
    }
}

async fn begin(
    desk: &Desk,
    user: String,
    human: HumanAnswer,
    visitor: &Visitor,
) -> Result<Reply, Stop> {
    let Started { handle } = desk
        .web
        .app()
        .start(StartForm { user, human }, visitor)
        .await?;
    Ok(desk
        .go("/flow?from=start")
        .with(desk.set(Cookie::Flow, &handle))
        .with(desk.clear(Cookie::Wait)))
}

/// The form again, with what stood in the way; or a page of its own for what no form can mend.
fn again(desk: &Desk, user: String, refusal: &Refusal, field: Option<&'static str>) -> Answered {
    let is_about_name = matches!(refusal, Refusal::ClaimShape | Refusal::InputLong);
    let is_mendable = matches!(
        refusal,
        Refusal::LimitReached { .. } | Refusal::FormStale | Refusal::HumanNotSure
    );
    if !is_about_name && !is_mendable {
        return Ok(desk.refused(refusal));
    }
    // A name over the limit is not carried around.
    let user = match refusal {
        Refusal::InputLong => String::new(),
        _ => user,
    };
    let mut shown = Form::new(user, challenge(desk)?);
    shown.errors = desk.lines(refusal, field.filter(|_| is_about_name));
    shown.status = status_of(refusal);
    Ok(form(desk, shown))
}

/// A visitor without script draws a ticket and waits.  The typed name travels under seal: nobody
/// who looks at the browser's cookies reads it there, and nobody can put another in its place.
fn queue_up(desk: &Desk, user: &str) -> Response {
    let app = desk.web.app();
    match app.human_ticket(&app.network_tags(desk.seen.address)) {
        Ok(ticket) => {
            let value = desk.web.waiting().sealed(&ticket.token, user);
            let cookie = desk.set(Cookie::Wait, &value);
            desk.go("/reset/wait").with(cookie).done()
        }
        Err(stop) => desk.stop(stop),
    }
}

/// `GET /reset/wait`: renews itself until the ticket is ripe, then shows the form with it.
pub(super) async fn wait(desk: Desk) -> Response {
    let Some(value) = &desk.seen.wait else {
        return desk.go("/reset").done();
    };
    let (ticket, user) = desk.web.waiting().opened(value);
    let app = desk.web.app();
    match app.human().queue(ticket, app.now()) {
        Queue::Wait(secs) => {
            let mut frame = desk.frame();
            frame.here = "/reset".to_owned();
            let renew_secs = secs.max(1);
            desk.page(StatusCode::OK, &frame, &QueueWait { renew_secs })
                .done()
        }
        Queue::Open => {
            let mut shown = Form::new(user, None);
            shown.human = HumanCheck::Waited {
                ticket: ticket.to_owned(),
            };
            form(&desk, shown)
        }
        Queue::Gone => desk.go("/reset").with(desk.clear(Cookie::Wait)).done(),
    }
}

/// `GET /human/picture/{token}.svg`.
pub(super) async fn picture(State(web): State<Web>, Path(file): Path<String>) -> Response {
    let token = file.strip_suffix(".svg");
    let drawn = token.and_then(|token| web.app().human().picture(token, web.app().now()));
    bytes(drawn, "image/svg+xml")
}

/// `GET /human/sound/{token}.wav`.
pub(super) async fn sound(desk: Desk, Path(file): Path<String>) -> Response {
    let token = file.strip_suffix(".wav");
    let (app, lang) = (desk.web.app(), desk.seen.lang);
    let spoken = token.and_then(|token| app.human().sound(token, lang.tag(), app.now()));
    bytes(spoken, "audio/wav")
}

fn bytes(found: Option<Vec<u8>>, media_type: &'static str) -> Response {
    match found {
        Some(bytes) => (
            [(header::CONTENT_TYPE, HeaderValue::from_static(media_type))],
            bytes,
        )
            .into_response(),
        None => plain(StatusCode::NOT_FOUND, "Not found"),
    }
}
