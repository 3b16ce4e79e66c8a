//! S02–S05, S10, S11: giving Keymend methods.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use keymend_domain::method::MethodKind;
use keymend_domain::registration::{Due, Goal, Skips as Left, is_registered};

use super::flow::is_shape;
use super::own::{Signed, full, own_form};
use crate::web::Web;
use crate::web::answer::{Desk, plain};
use crate::web::form::Fields;
use crate::web::guard::Look;
use crate::web::page::Way;
use crate::web::page::registration::{
    AddEmail, AddNumber, ChooseWay, Offer, SetUp, SetUpDone, Skips, StillRight, TypeOwnCode,
};

macro_rules! signed_or_return {
    ($desk:expr) => {
        match full(&$desk).await {
            Ok(signed) => signed,
            Err(response) => return *response,
        }
    };
}

/// `GET /register`: whatever is due, else security info.
pub(super) async fn show(State(web): State<Web>, Look(seen): Look) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    let signed = signed_or_return!(desk);
    let frame = signed.frame(&desk, "/register");
    match signed.page.due {
        Due::Nothing => desk.go("/me").done(),
        Due::Register { needed, skips } => {
            let ways = signed.page.can_add.iter().copied().map(Way::from).collect();
            let skips = match skips {
                Left::None => Skips::None,
                Left::Unlimited => Skips::Unlimited,
                Left::Left(times) => Skips::Left { times },
            };
            desk.page(
                StatusCode::OK,
                &frame,
                &SetUp {
                    needed,
                    ways,
                    skips,
                },
            )
            .done()
        }
        Due::Review => {
            let page = StillRight {
                ways: desk.own_ways(&signed),
                can_skip: true,
            };
            desk.page(StatusCode::OK, &frame, &page).done()
        }
    }
}

/// `POST /register/skip`.
pub(super) async fn skip(State(web): State<Web>, Look(seen): Look, fields: Fields) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    let (form, _) = match own_form(&desk, fields, &[]) {
        Ok(form) => form,
        Err(response) => return *response,
    };
    let visitor = match desk.visitor().await {
        Ok(visitor) => visitor,
        Err(stop) => return desk.stop(stop),
    };
    desk.own_moved(web.app().skip(form, &visitor).await, ("/me", "/register"))
}

/// `POST /register/confirm`.
pub(super) async fn confirm(State(web): State<Web>, Look(seen): Look, fields: Fields) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    let (form, _) = match own_form(&desk, fields, &[]) {
        Ok(form) => form,
        Err(response) => return *response,
    };
    let visitor = match desk.visitor().await {
        Ok(visitor) => visitor,
        Err(stop) => return desk.stop(stop),
    };
    desk.own_moved(
        web.app().reconfirm(form, &visitor).await,
        ("/me", "/register"),
    )
}

/// `GET /me/add`: S03.
pub(super) async fn choose(State(web): State<Web>, Look(seen): Look) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    let signed = signed_or_return!(desk);
    if signed.page.needs_proof {
        return desk.go("/me/proof").done();
    }
    let offers = signed
        .page
        .can_add
        .iter()
        .map(|kind| Offer {
            way: Way::from(*kind),
            known: None,
        })
        .collect();
    let frame = signed.frame(&desk, "/me/add");
    desk.page(StatusCode::OK, &frame, &ChooseWay { offers })
        .done()
}

/// `GET /me/add/email`.
pub(super) async fn email(State(web): State<Web>, Look(seen): Look) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    let signed = signed_or_return!(desk);
    add_form(&desk, &signed, MethodKind::Email, String::new())
}

/// `GET /me/add/text`.
pub(super) async fn text(State(web): State<Web>, Look(seen): Look) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    let signed = signed_or_return!(desk);
    add_form(&desk, &signed, MethodKind::Text, String::new())
}

/// S04.
fn add_form(desk: &Desk<'_>, signed: &Signed, kind: MethodKind, address: String) -> Response {
    if signed.page.needs_proof {
        return desk.go("/me/proof").done();
    }
    match kind {
        MethodKind::Email => {
            let frame = signed.frame_about(desk, "/me/add/email", "address");
            desk.page(StatusCode::OK, &frame, &AddEmail { address })
                .done()
        }
        MethodKind::Text => {
            let frame = signed.frame_about(desk, "/me/add/text", "address");
            let example = desk.web.site().number_example.clone();
            desk.page(StatusCode::OK, &frame, &AddNumber { address, example })
                .done()
        }
    }
}

/// `POST /me/add`: a way alone leads to its form; a way with an address asks for a code.
pub(super) async fn add(State(web): State<Web>, Look(seen): Look, fields: Fields) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    let (form, mut fields) = match own_form(&desk, fields, &["method", "address"]) {
        Ok(form) => form,
        Err(response) => return *response,
    };
    let word = fields.take("method");
    let address = fields.take("address");
    let (kind, back) = match MethodKind::from_word(&word) {
        Some(kind @ MethodKind::Email) => (kind, "/me/add/email"),
        Some(kind @ MethodKind::Text) => (kind, "/me/add/text"),
        None if word.is_empty() => return desk.go("/me/add").done(),
        None => return plain(StatusCode::BAD_REQUEST, "Bad request"),
    };
    if address.is_empty() {
        return desk.go(back).done();
    }
    let visitor = match desk.visitor().await {
        Ok(visitor) => visitor,
        Err(stop) => return desk.stop(stop),
    };
    let moved = web
        .app()
        .add_contact(form, (kind, address.clone()), &visitor)
        .await;
    if let Ok(moved) = &moved
        && is_shape(moved.refusal.as_ref())
    {
        // The same form with what was typed, which is mended sooner than typed again.
        return add_form(&desk, &signed_or_return!(desk), kind, address);
    }
    desk.own_moved(moved, ("/me/code", back))
}

/// `GET /me/code`: S05.
pub(super) async fn code(State(web): State<Web>, Look(seen): Look) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    let signed = signed_or_return!(desk);
    let Some(pending) = signed
        .page
        .person
        .pending
        .as_ref()
        .filter(|own| own.goal == Goal::Confirm)
    else {
        return desk.go("/me/add").done();
    };
    let policy = web.app().policy();
    let page = TypeOwnCode {
        way: Way::from(pending.kind),
        typed: pending.contact.in_full().to_owned(),
        digits: pending.digits,
        minutes: policy.settings().limits.code_mins,
        resend_secs: pending.resend_at().secs_left(web.app().now()),
    };
    let frame = signed.code_frame(&desk, "/me/code");
    desk.page(StatusCode::OK, &frame, &page).done()
}

/// `POST /me/code`.
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
    desk.own_moved(moved, ("/me/done", "/me/code"))
}

/// `POST /me/code/resend`.
pub(super) async fn again(State(web): State<Web>, Look(seen): Look, fields: Fields) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    let (form, _) = match own_form(&desk, fields, &[]) {
        Ok(form) => form,
        Err(response) => return *response,
    };
    let visitor = match desk.visitor().await {
        Ok(visitor) => visitor,
        Err(stop) => return desk.stop(stop),
    };
    let moved = web.app().ask_again(form, &visitor).await;
    let here = match web
        .app()
        .person(seen.me.as_deref().unwrap_or_default())
        .await
    {
        Ok(page)
            if page
                .person
                .pending
                .as_ref()
                .is_some_and(|own| own.goal != Goal::Confirm) =>
        {
            "/me/proof"
        }
        _ => "/me/code",
    };
    desk.own_moved(moved, (here, here))
}

/// `GET /me/done`: S11, or the next way if more are needed.
pub(super) async fn done(State(web): State<Web>, Look(seen): Look) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    let signed = signed_or_return!(desk);
    let policy = web.app().policy();
    if !is_registered(&signed.page.standing.methods, &policy) && !signed.page.can_add.is_empty() {
        return desk.go("/me/add").done();
    }
    let page = SetUpDone {
        needed: policy.gates(),
        ways: desk.own_ways(&signed),
    };
    desk.page(StatusCode::OK, &signed.frame(&desk, "/me/done"), &page)
        .done()
}
