//! Showing once more that it is the owner, before security info changes (KM-1107).

use axum::http::StatusCode;
use keymend_domain::registration::Goal;

use super::own::full;
use super::posted::Sent;
use crate::web::answer::{Answered, Desk};
use crate::web::form::Fields;
use crate::web::page::Way;
use crate::web::page::own::{OwnWay, ProofChoice, ProofCode};

/// `GET /me/proof`: choose an own way, or type the code that was sent there.
pub(super) async fn show(desk: Desk) -> Answered {
    let signed = full(&desk).await?;
    if !signed.page.needs_proof {
        return Ok(desk.go("/me").done());
    }
    let app = desk.web.app();
    let pending = signed.page.person.pending.as_ref();
    if let Some(pending) = pending.filter(|own| matches!(own.goal, Goal::Prove(_))) {
        let page = ProofCode {
            way: Way::from(pending.kind),
            masked: pending.contact.masked(),
            digits: pending.digits,
            minutes: app.policy().settings().limits.code_mins,
            resend_secs: pending.resend_at().secs_left(app.now()),
        };
        let frame = signed.code_frame(&desk, "/me/proof");
        return Ok(desk.page(StatusCode::OK, &frame, &page).done());
    }
    let provable = signed.page.provable.iter();
    let ways: Vec<OwnWay> = provable.map(|own| desk.own_way(own)).collect();
    let frame = signed.frame_about(&desk, "/me/proof", "method_id");
    let page = ProofChoice { ways };
    Ok(desk.page(StatusCode::OK, &frame, &page).done())
}

/// `POST /me/proof/method`.
pub(super) async fn ask(desk: Desk, fields: Fields) -> Answered {
    let mut sent = Sent::in_person(desk, fields, &["method_id"]).await?;
    let method = sent.take("method_id");
    let moved = sent.app().ask_proof(sent.step(), method, &sent.visitor);
    let moved = moved.await;
    Ok(sent.own_moved(moved, ("/me/proof", "/me/proof")))
}

/// `POST /me/proof`.
pub(super) async fn answer(desk: Desk, fields: Fields) -> Answered {
    let mut sent = Sent::in_person(desk, fields, &["code"]).await?;
    let code = sent.fields().take_secret("code");
    let moved = sent.app().answer_code(sent.step(), &code, &sent.visitor);
    let moved = moved.await;
    Ok(sent.own_moved(moved, ("/me", "/me/proof")))
}
