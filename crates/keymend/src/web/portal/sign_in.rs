//! S01: signing in and out.

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use keymend_domain::refusal::Refusal;

use super::posted::Sent;
use super::reset::typed_name;
use crate::app::Stop;
use crate::web::answer::{Answered, Desk};
use crate::web::cookie::Cookie;
use crate::web::form::Fields;
use crate::web::page::ErrorLine;
use crate::web::page::own::SignIn;
use crate::web::problem::status_of;

/// `GET /` and `GET /signin`.
pub(super) async fn show(desk: Desk, RawQuery(query): RawQuery) -> Response {
    let query = query.as_deref().unwrap_or_default();
    let errors = match query {
        "ended=yes" => desk.lines(&Refusal::SigninEnded, None),
        _ => Vec::new(),
    };
    form(
        &desk,
        Form {
            user: typed_name(query).unwrap_or_default(),
            signed_out: query == "out=yes",
            errors,
            status: StatusCode::OK,
        },
    )
}

struct Form {
    user: String,
    signed_out: bool,
    errors: Vec<ErrorLine>,
    status: StatusCode,
}

fn form(desk: &Desk, shown: Form) -> Response {
    let demo_accounts = match &desk.web.site().demo {
        Some(demo) => demo.accounts.clone(),
        None => Vec::new(),
    };
    let page = SignIn {
        user: shown.user,
        signed_out: shown.signed_out,
        demo_accounts,
    };
    let mut frame = Desk::with_errors(desk.frame(), shown.errors);
    frame.here = "/signin".to_owned();
    desk.page(shown.status, &frame, &page).done()
}

/// `POST /signin`.
pub(super) async fn sign_in(desk: Desk, mut fields: Fields) -> Answered {
    desk.expects(&fields, &["user", "password"])?;
    let user = fields.take("user");
    let password = fields.take_secret("password");
    if !desk.is_current(&mut fields) {
        return Ok(again(&desk, user, &Refusal::FormStale, None));
    }
    if user.trim().is_empty() || password.expose().is_empty() {
        let field = if user.trim().is_empty() {
            "user"
        } else {
            "password"
        };
        return Ok(again(&desk, user, &Refusal::FormMissing, Some(field)));
    }
    let visitor = desk.visitor().await?.replacing(desk.seen.me.clone());
    let signed_in = desk.web.app().sign_in(&user, password, &visitor).await;
    Ok(match signed_in {
        Ok(signed_in) => desk
            .go("/register")
            .with(desk.set(Cookie::Me, &signed_in.handle))
            .done(),
        Err(Stop::Refused(refusal @ Refusal::DirectoryDown { .. })) => desk.refused(&refusal),
        // A password that can be none does not match; its shape is nobody's business here.
        Err(Stop::Refused(Refusal::PasswordRejected(_))) => {
            again(&desk, user, &Refusal::SigninNoMatch, None)
        }
        Err(Stop::Refused(refusal)) => again(&desk, user, &refusal, Some("user")),
        Err(stop) => desk.stop(stop),
    })
}

fn again(desk: &Desk, user: String, refusal: &Refusal, field: Option<&'static str>) -> Response {
    let is_long = user.len() > keymend_domain::account::CLAIM_BYTES_MAX;
    let user = if is_long { String::new() } else { user };
    form(
        desk,
        Form {
            user,
            signed_out: false,
            errors: desk.lines(refusal, field),
            status: status_of(refusal),
        },
    )
}

/// `POST /signout`.
pub(super) async fn sign_out(desk: Desk, fields: Fields) -> Answered {
    let sent = Sent::in_person(desk, fields, &[]).await?;
    let left = sent.app().sign_out(sent.step(), &sent.visitor).await;
    let desk = &sent.desk;
    Ok(match left {
        Ok(_) | Err(Stop::NotSignedIn | Stop::Refused(_)) => desk
            .go("/signin?out=yes")
            .with(desk.clear(Cookie::Me))
            .clearing()
            .done(),
        Err(stop) => desk.stop(stop),
    })
}
