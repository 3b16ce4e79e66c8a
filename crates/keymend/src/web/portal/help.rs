//! S25, S33, and the demonstration's outbox.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use keymend_domain::method::MethodKind;
use keymend_domain::refusal::Refusal;

use crate::app::Stop;
use crate::web::Web;
use crate::web::answer::{Desk, plain};
use crate::web::cookie::Cookie;
use crate::web::form::Fields;
use crate::web::guard::Look;
use crate::web::page::demo::{DemoMessage, Outbox};
use crate::web::page::ending::{AskForHelp, HelpSent, NotMe, NotMeDone};
use crate::web::page::{Help, Way};
use crate::web::words::time_text;

/// `GET /help`: S25.
pub(super) async fn show(State(web): State<Web>, Look(seen): Look) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    // What was typed in a running attempt is kept, so that nobody types it twice.
    let user = match &seen.flow {
        Some(handle) => web
            .app()
            .view(handle)
            .await
            .map(|page| page.claim)
            .unwrap_or_default(),
        None => String::new(),
    };
    desk.page(StatusCode::OK, &desk.frame(), &AskForHelp { user })
        .done()
}

/// `POST /help`: the same answer for everybody.
pub(super) async fn ask(State(web): State<Web>, Look(seen): Look, mut fields: Fields) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    if !fields.fits(&["user"]) || web.site().help != Help::Request {
        return plain(StatusCode::BAD_REQUEST, "Bad request");
    }
    let user = fields.take("user");
    if web
        .tokens()
        .check_open(&fields.take("form_token"), web.app().now())
        .is_err()
    {
        return again(&desk, user, &Refusal::FormStale);
    }
    let visitor = match desk.visitor().await {
        Ok(visitor) => visitor,
        Err(stop) => return desk.stop(stop),
    };
    match web.app().ask_for_help(&user, &visitor).await {
        Ok(()) => desk
            .page(StatusCode::OK, &desk.frame(), &HelpSent {})
            .done(),
        Err(Stop::Refused(refusal)) => again(&desk, user, &refusal),
        Err(stop) => desk.stop(stop),
    }
}

fn again(desk: &Desk<'_>, user: String, refusal: &Refusal) -> Response {
    let is_long = *refusal == Refusal::InputLong;
    let frame = Desk::with_errors(desk.frame(), desk.lines(refusal, Some("user")));
    let user = if is_long { String::new() } else { user };
    desk.page(
        StatusCode::UNPROCESSABLE_ENTITY,
        &frame,
        &AskForHelp { user },
    )
    .done()
}

/// `GET /not-me/{token}`: shows, and spends nothing.
pub(super) async fn show_not_me(
    State(web): State<Web>,
    Look(seen): Look,
    Path(token): Path<String>,
) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    match web.app().not_me_works(&token).await {
        Ok(true) => desk
            .page(StatusCode::OK, &desk.frame(), &NotMe { token })
            .done(),
        Ok(false) => desk.not_found(),
        Err(stop) => desk.stop(stop),
    }
}

/// `POST /not-me/{token}`: acts.
pub(super) async fn not_me(
    State(web): State<Web>,
    Look(seen): Look,
    Path(token): Path<String>,
    mut fields: Fields,
) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    if !fields.fits(&[]) {
        return plain(StatusCode::BAD_REQUEST, "Bad request");
    }
    if web
        .tokens()
        .check_open(&fields.take("form_token"), web.app().now())
        .is_err()
    {
        let frame = Desk::with_errors(desk.frame(), desk.lines(&Refusal::FormStale, None));
        return desk
            .page(StatusCode::UNPROCESSABLE_ENTITY, &frame, &NotMe { token })
            .done();
    }
    let visitor = match desk.visitor().await {
        Ok(visitor) => visitor,
        Err(stop) => return desk.stop(stop),
    };
    match web.app().not_me(&token, &visitor).await {
        Ok(_) => desk
            .page(StatusCode::OK, &desk.frame(), &NotMeDone {})
            .with(desk.clear(Cookie::Device))
            .clearing()
            .done(),
        Err(Stop::NoFlow) => desk.not_found(),
        Err(stop) => desk.stop(stop),
    }
}

/// `GET /outbox`: the demonstration alone; anywhere else there is no such page.
pub(super) async fn outbox(State(web): State<Web>, Look(seen): Look) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    if web.site().demo.is_none() {
        return desk.not_found();
    }
    let messages = web
        .app()
        .shown_messages()
        .into_iter()
        .map(|message| DemoMessage {
            way: match message.kind {
                MethodKind::Email => Way::Email,
                MethodKind::Text => Way::Text,
            },
            to: message.to,
            subject: message.subject,
            body: message.body,
            at: time_text(message.at, &web.site().time_zone, seen.lang),
        })
        .collect();
    desk.page(StatusCode::OK, &desk.frame(), &Outbox { messages })
        .done()
}
