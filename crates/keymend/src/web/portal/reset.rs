//! S12: the first form, its bot check, and the queue of visitors without script.

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse, Response};
use keymend_domain::refusal::Refusal;

use crate::app::{HumanAnswer, StartForm, Started, Stop, Visitor};
use crate::human::{Challenge, Queue};
use crate::web::Web;
use crate::web::answer::{Desk, Reply, plain};
use crate::web::cookie::Cookie;
use crate::web::form::Fields;
use crate::web::guard::Look;
use crate::web::landing::Own;
use crate::web::page::ErrorLine;
use crate::web::page::before_proof::{HumanCheck, QueueWait, Start};

/// `GET /reset`.  Writes nothing.
pub(super) async fn show(
    State(web): State<Web>,
    Look(seen): Look,
    RawQuery(query): RawQuery,
) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    if let Err(stop) = web.app().is_open() {
        return desk.stop(stop);
    }
    let user = query.as_deref().and_then(typed_name).unwrap_or_default();
    let lost_cookie = query.as_deref() == Some("cookie=lost");
    let challenge = match web
        .app()
        .human_challenge(&web.app().network_tags(seen.address))
    {
        Ok(challenge) => challenge,
        Err(stop) => return desk.stop(stop),
    };
    if user.is_empty() && !lost_cookie && !web.app().directories().is_any_down() {
        let token = web.tokens().open(web.app().now());
        let work = match &challenge {
            Some(Challenge::Work { token, bits }) => Some((token.as_str(), *bits)),
            Some(Challenge::Picture { .. }) => return form(&desk, Form::new(user, challenge)),
            None => None,
        };
        let own = Own {
            nonce: &seen.nonce,
            token: &token,
            reference: &seen.request_id,
            work,
        };
        if let Some(html) = web.landing().page(seen.lang, &own) {
            return desk.html(StatusCode::OK, html).done();
        }
    }
    let mut shown = Form::new(user, challenge);
    if lost_cookie {
        shown.errors = desk.lines(&Refusal::CookieMissing, None);
        shown.status = StatusCode::UNPROCESSABLE_ENTITY;
    }
    form(&desk, shown)
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

fn form(desk: &Desk<'_>, shown: Form) -> Response {
    let page = Start {
        user: shown.user,
        example: desk.web.site().user_example.clone(),
        down: desk.web.app().directories().down_titles(),
        human: shown.human,
    };
    let mut frame = Desk::with_errors(desk.frame(), shown.errors);
    frame.here = "/reset".to_owned();
    desk.page(shown.status, &frame, &page).done()
}

/// `POST /reset`.
pub(super) async fn start(
    State(web): State<Web>,
    Look(seen): Look,
    mut fields: Fields,
) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    if !fields.fits(&["user", "human", "answer"]) {
        return plain(StatusCode::BAD_REQUEST, "Bad request");
    }
    let user = fields.take("user");
    if web
        .tokens()
        .check_open(&fields.take("form_token"), web.app().now())
        .is_err()
    {
        return again(&desk, user, &Refusal::FormStale, None);
    }
    let human = HumanAnswer {
        token: fields.take("human"),
        answer: fields.take("answer"),
    };
    let visitor = match desk.visitor().await {
        Ok(visitor) => visitor,
        Err(stop) => return desk.stop(stop),
    };
    if human.token.is_empty() && asks_for_work(&desk) {
        return queue_up(&desk, &user);
    }
    match begin(&desk, user.clone(), human, &visitor).await {
        Ok(reply) => reply.done(),
        Err(Stop::Refused(refusal)) => again(&desk, user, &refusal, Some("user")),
        Err(stop) => desk.stop(stop),
    }
}

async fn begin(
    desk: &Desk<'_>,
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

fn asks_for_work(desk: &Desk<'_>) -> bool {
    let tags = desk.web.app().network_tags(desk.seen.address);
    matches!(
        desk.web.app().human_challenge(&tags),
        Ok(Some(Challenge::Work { .. }))
    )
}

/// The form again, with what stood in the way; or a page of its own for what no form can mend.
fn again(
    desk: &Desk<'_>,
    user: String,
    refusal: &Refusal,
    field: Option<&'static str>,
) -> Response {
    let status = match refusal {
        Refusal::LimitReached { .. } => StatusCode::TOO_MANY_REQUESTS,
        Refusal::FormStale | Refusal::HumanNotSure | Refusal::ClaimShape | Refusal::InputLong => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        other => return desk.refused(other),
    };
    let tags = desk.web.app().network_tags(desk.seen.address);
    let challenge = match desk.web.app().human_challenge(&tags) {
        Ok(challenge) => challenge,
        Err(stop) => return desk.stop(stop),
    };
    let is_about_name = matches!(refusal, Refusal::ClaimShape | Refusal::InputLong);
    // A name over the limit is not carried around.
    let user = if *refusal == Refusal::InputLong {
        String::new()
    } else {
        user
    };
    let mut shown = Form::new(user, challenge);
    shown.errors = desk.lines(refusal, field.filter(|_| is_about_name));
    shown.status = status;
    form(desk, shown)
}

/// A visitor without script draws a ticket and waits.
fn queue_up(desk: &Desk<'_>, user: &str) -> Response {
    match desk.web.app().human_ticket() {
        Ok(ticket) => {
            let value = format!("{}~{}", ticket.token, encode(user));
            desk.go("/reset/wait")
                .with(desk.set(Cookie::Wait, &value))
                .done()
        }
        Err(stop) => desk.stop(stop),
    }
}

fn encode(user: &str) -> String {
    use base64::Engine as _;
    let short: String = user.chars().take(128).collect();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(short)
}

fn decode(text: &str) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text);
    bytes
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default()
}

/// `GET /reset/wait`: renews itself until the ticket is ripe, then shows the form with it.
pub(super) async fn wait(State(web): State<Web>, Look(seen): Look) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    let Some(value) = &seen.wait else {
        return desk.go("/reset").done();
    };
    let (ticket, user) = value.split_once('~').unwrap_or((value, ""));
    match web.app().human().queue(ticket, web.app().now()) {
        Queue::Wait(secs) => {
            let mut frame = desk.frame();
            frame.here = "/reset".to_owned();
            desk.page(
                StatusCode::OK,
                &frame,
                &QueueWait {
                    renew_secs: secs.max(1),
                },
            )
            .done()
        }
        Queue::Open => {
            let mut shown = Form::new(decode(user), None);
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
pub(super) async fn sound(
    State(web): State<Web>,
    Look(seen): Look,
    Path(file): Path<String>,
) -> Response {
    let token = file.strip_suffix(".wav");
    let now = web.app().now();
    let spoken = token.and_then(|token| web.app().human().sound(token, seen.lang.tag(), now));
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
