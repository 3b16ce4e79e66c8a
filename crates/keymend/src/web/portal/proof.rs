//! Showing once more that it is the owner, before security info changes (KM-1107).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use keymend_domain::registration::Goal;

use super::own::{full, own_form};
use crate::web::Web;
use crate::web::answer::Desk;
use crate::web::form::Fields;
use crate::web::guard::Look;
use crate::web::page::Way;
use crate::web::page::own::{OwnWay, ProofChoice, ProofCode};

/// `GET /me/proof`: choose an own way, or type the code that was sent there.
pub(super) async fn show(State(web): State<Web>, Look(seen): Look) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    let signed = match full(&desk).await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    if !signed.page.needs_proof {
        return desk.go("/me").done();
    }
    let policy = web.app().policy();
    let pending = signed.page.person.pending.as_ref();
    if let Some(pending) = pending.filter(|own| matches!(own.goal, Goal::Prove(_))) {
        let page = ProofCode {
            way: Way::from(pending.kind),
            masked: pending.contact.masked(),
            digits: pending.digits,
            minutes: policy.settings().limits.code_mins,
            resend_secs: pending.resend_at().secs_left(web.app().now()),
        };
        let frame = signed.code_frame(&desk, "/me/proof");
        return desk.page(StatusCode::OK, &frame, &page).done();
    }
    let counting = |own: &&keymend_domain::method::Method| {
        policy.allows(own.kind) && own.is_confirmed(web.app().now())
    };
    let ways: Vec<OwnWay> = signed
        .page
        .standing
        .methods
        .iter()
        .filter(counting)
        .map(|own| desk.own_way(own))
        .collect();
    let frame = signed.frame_about(&desk, "/me/proof", "method_id");
    desk.page(StatusCode::OK, &frame, &ProofChoice { ways })
        .done()
}

/// `POST /me/proof/method`.
pub(super) async fn ask(State(web): State<Web>, Look(seen): Look, fields: Fields) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    let (form, mut fields) = match own_form(&desk, fields, &["method_id"]) {
        Ok(form) => form,
        Err(response) => return *response,
    };
    let visitor = match desk.visitor().await {
        Ok(visitor) => visitor,
        Err(stop) => return desk.stop(stop),
    };
    let moved = web
        .app()
        .ask_proof(form, fields.take("method_id"), &visitor)
        .await;
    desk.own_moved(moved, ("/me/proof", "/me/proof"))
}

/// `POST /me/proof`.
pub(super) async fn answer(State(web): State<Web>, Look(seen): Look, fields: Fields) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    let (form, mut fields) = match own_form(&desk, fields, &["code"]) {
        Ok(form) => form,
        Err(response) => return *response,
    };
    let visitor = match desk.visitor().await {
        Ok(visitor) => visitor,
        Err(stop) => return desk.stop(stop),
    };
    let moved = web
        .app()
        .answer_code(form, &fields.take_secret("code"), &visitor)
        .await;
    desk.own_moved(moved, ("/me", "/me/proof"))
}
