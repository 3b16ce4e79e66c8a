//! S25, S33, and the demonstration's outbox.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use keymend_domain::method::MethodKind;
use keymend_domain::refusal::Refusal;

use crate::app::Stop;
use crate::web::answer::{Answered, Desk, plain};
use crate::web::cookie::Cookie;
use crate::web::form::Fields;
use crate::web::page::demo::{DemoMessage, Outbox};
use crate::web::page::ending::{AskForHelp, HelpSent, NotMe, NotMeDone};
use crate::web::page::{Help, Way};
use crate::web::problem::status_of;
use crate::web::words::time_text;

/// `GET /help`: S25.
pub(super) async fn show(desk: Desk) -> Response {
    // What was typed in a running attempt is kept, so that nobody types it twice.
    let user = match &desk.seen.flow {
        Some(handle) => desk
            .web
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
pub(super) async fn ask(desk: Desk, mut fields: Fields) -> Answered {
    desk.expects(&fields, &["user"])?;
    if desk.web.site().help != Help::Request {
        return Ok(plain(StatusCode::BAD_REQUEST, "Bad request"));
    }
    let user = fields.take("user");
    if !desk.is_current(&mut fields) {
        return Ok(again(&desk, user, &Refusal::FormStale));
    }
    let visitor = desk.visitor().await?;
    let asked = desk.web.app().ask_for_help(&user, &visitor).await;
    Ok(match asked {
        Ok(()) => desk
            .page(StatusCode::OK, &desk.frame(), &HelpSent {})
            .done(),
        Err(Stop::Refused(refusal)) => again(&desk, user, &refusal),
        Err(stop) => desk.stop(stop),
    })
}

fn again(desk: &Desk, user: String, refusal: &Refusal) -> Response {
    let is_long = *refusal == Refusal::InputLong;
    let frame = Desk::with_errors(desk.frame(), desk.lines(refusal, Some("user")));
    let user = if is_long { String::new() } else { user };
    let page = AskForHelp { user };
    desk.page(status_of(refusal), &frame, &page).done()
}

/// `GET /not-me/{token}`: shows, and spends nothing.
pub(super) async fn show_not_me(desk: Desk, Path(token): Path<String>) -> Response {
    match desk.web.app().not_me_works(&token).await {
        Ok(true) => desk
            .page(StatusCode::OK, &desk.frame(), &NotMe { token })
            .done(),
        Ok(false) => desk.not_found(),
        Err(stop) => desk.stop(stop),
    }
}

/// `POST /not-me/{token}`: acts.
pub(super) async fn not_me(desk: Desk, Path(token): Path<String>, mut fields: Fields) -> Answered {
    desk.expects(&fields, &[])?;
    if !desk.is_current(&mut fields) {
        let stale = Refusal::FormStale;
        let frame = Desk::with_errors(desk.frame(), desk.lines(&stale, None));
        let page = desk.page(status_of(&stale), &frame, &NotMe { token });
        return Ok(page.done());
    }
    let visitor = desk.visitor().await?;
    let stopped = desk.web.app().not_me(&token, &visitor).await;
    Ok(match stopped {
        Ok(_) => desk
            .page(StatusCode::OK, &desk.frame(), &NotMeDone {})
            .with(desk.clear(Cookie::Device))
            .clearing()
            .done(),
        Err(Stop::NoFlow) => desk.not_found(),
        Err(stop) => desk.stop(stop),
    })
}

/// `GET /outbox`: the demonstration alone; anywhere else there is no such page.
pub(super) async fn outbox(desk: Desk) -> Response {
    if desk.web.site().demo.is_none() {
        return desk.not_found();
    }
    let messages = desk
        .web
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
            at: time_text(message.at, &desk.web.site().time_zone, desk.seen.lang),
        })
        .collect();
    desk.page(StatusCode::OK, &desk.frame(), &Outbox { messages })
        .done()
}
