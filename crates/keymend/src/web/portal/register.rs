//! S02–S05, S10, S11: giving Keymend methods.

use axum::http::StatusCode;
use axum::response::Response;
use keymend_domain::method::MethodKind;
use keymend_domain::registration::{Due, Goal, Skips as Left, is_registered};

use super::flow::is_shape;
use super::own::{Signed, full};
use super::posted::Sent;
use crate::web::answer::{Answered, Desk, plain};
use crate::web::form::Fields;
use crate::web::page::Way;
use crate::web::page::registration::{
    AddEmail, AddNumber, ChooseWay, Offer, SetUp, SetUpDone, Skips, StillRight, TypeOwnCode,
};

/// `GET /register`: whatever is due, else security info.
pub(super) async fn show(desk: Desk) -> Answered {
    let signed = full(&desk).await?;
    let frame = signed.frame(&desk, "/register");
    Ok(match signed.page.due {
        Due::Nothing => desk.go("/me").done(),
        Due::Register { needed, skips } => {
            let page = SetUp {
                needed,
                ways: signed.page.can_add.iter().copied().map(Way::from).collect(),
                skips: match skips {
                    Left::None => Skips::None,
                    Left::Unlimited => Skips::Unlimited,
                    Left::Left(times) => Skips::Left { times },
                },
            };
            desk.page(StatusCode::OK, &frame, &page).done()
        }
        Due::Review => {
            let page = StillRight {
                ways: desk.own_ways(&signed),
                can_skip: true,
            };
            desk.page(StatusCode::OK, &frame, &page).done()
        }
    })
}

/// `POST /register/skip`.
pub(super) async fn skip(desk: Desk, fields: Fields) -> Answered {
    let sent = Sent::in_person(desk, fields, &[]).await?;
    let moved = sent.app().skip(sent.step(), &sent.visitor).await;
    Ok(sent.own_moved(moved, ("/me", "/register")))
}

/// `POST /register/confirm`.
pub(super) async fn confirm(desk: Desk, fields: Fields) -> Answered {
    let sent = Sent::in_person(desk, fields, &[]).await?;
    let moved = sent.app().reconfirm(sent.step(), &sent.visitor).await;
    Ok(sent.own_moved(moved, ("/me", "/register")))
}

/// `GET /me/add`: S03.
pub(super) async fn choose(desk: Desk) -> Answered {
    let signed = full(&desk).await?;
    if signed.page.needs_proof {
        return Ok(desk.go("/me/proof").done());
    }
    let offers = desk.web.app().offers(&signed.page);
    let offers = offers.into_iter().map(|offer| Offer {
        way: Way::from(offer.kind),
        known: offer.known,
    });
    let page = ChooseWay {
        offers: offers.collect(),
    };
    let frame = signed.frame(&desk, "/me/add");
    Ok(desk.page(StatusCode::OK, &frame, &page).done())
}

/// `GET /me/add/email`.
pub(super) async fn email(desk: Desk) -> Answered {
    let signed = full(&desk).await?;
    Ok(add_form(&desk, &signed, MethodKind::Email, String::new()))
}

/// `GET /me/add/text`.
pub(super) async fn text(desk: Desk) -> Answered {
    let signed = full(&desk).await?;
    Ok(add_form(&desk, &signed, MethodKind::Text, String::new()))
}

/// S04.
fn add_form(desk: &Desk, signed: &Signed, kind: MethodKind, address: String) -> Response {
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

/// `POST /me/add`: a way alone leads to its form; a way with an address, or with the wish to use
/// the one that the directory knows, asks for a code.
pub(super) async fn add(desk: Desk, fields: Fields) -> Answered {
    let mut sent = Sent::in_person(desk, fields, &["method", "address", "known"]).await?;
    let word = sent.take("method");
    let address = sent.take("address");
    let is_known = sent.take("known") == "yes";
    let (kind, back) = match MethodKind::from_word(&word) {
        Some(kind @ MethodKind::Email) => (kind, "/me/add/email"),
        Some(kind @ MethodKind::Text) => (kind, "/me/add/text"),
        None if word.is_empty() => return Ok(sent.desk.go("/me/add").done()),
        None => return Ok(plain(StatusCode::BAD_REQUEST, "Bad request")),
    };
    if is_known && address.is_empty() {
        let moved = sent.app().add_offered(sent.step(), kind, &sent.visitor);
        let moved = moved.await;
        return Ok(sent.own_moved(moved, ("/me/code", "/me/add")));
    }
    if address.is_empty() {
        return Ok(sent.desk.go(back).done());
    }
    let typed = (kind, address.clone());
    let moved = sent.app().add_contact(sent.step(), typed, &sent.visitor);
    let moved = moved.await;
    if let Ok(moved) = &moved
        && is_shape(moved.refusal.as_ref())
    {
        // The same form with what was typed, which is mended sooner than typed again.
        let signed = full(&sent.desk).await?;
        return Ok(add_form(&sent.desk, &signed, kind, address));
    }
    Ok(sent.own_moved(moved, ("/me/code", back)))
}

/// `GET /me/code`: S05.
pub(super) async fn code(desk: Desk) -> Answered {
    let signed = full(&desk).await?;
    let pending = signed.page.person.pending.as_ref();
    let Some(pending) = pending.filter(|own| own.goal == Goal::Confirm) else {
        return Ok(desk.go("/me/add").done());
    };
    let app = desk.web.app();
    let page = TypeOwnCode {
        way: Way::from(pending.kind),
        typed: pending.shown(),
        digits: pending.digits,
        minutes: app.policy().settings().limits.code_mins,
        resend_secs: pending.resend_at().secs_left(app.now()),
    };
    let frame = signed.code_frame(&desk, "/me/code");
    Ok(desk.page(StatusCode::OK, &frame, &page).done())
}

/// `POST /me/code`.
pub(super) async fn answer(desk: Desk, fields: Fields) -> Answered {
    let mut sent = Sent::in_person(desk, fields, &["code"]).await?;
    let code = sent.fields().take_secret("code");
    let moved = sent.app().answer_code(sent.step(), &code, &sent.visitor);
    let moved = moved.await;
    Ok(sent.own_moved(moved, ("/me/done", "/me/code")))
}

/// `POST /me/code/resend`.
pub(super) async fn again(desk: Desk, fields: Fields) -> Answered {
    let sent = Sent::in_person(desk, fields, &[]).await?;
    let moved = sent.app().ask_again(sent.step(), &sent.visitor).await;
    let page = sent.app().person(&sent.form.handle).await;
    let pending = page.ok().and_then(|page| page.person.pending);
    let here = match pending {
        Some(own) if own.goal != Goal::Confirm => "/me/proof",
        _ => "/me/code",
    };
    Ok(sent.own_moved(moved, (here, here)))
}

/// `GET /me/done`: S11, or the next way if more are needed.
pub(super) async fn done(desk: Desk) -> Answered {
    let signed = full(&desk).await?;
    let policy = desk.web.app().policy();
    if !is_registered(&signed.page.standing.methods, &policy) && !signed.page.can_add.is_empty() {
        return Ok(desk.go("/me/add").done());
    }
    let page = SetUpDone {
        needed: policy.gates(),
        ways: desk.own_ways(&signed),
    };
    let frame = signed.frame(&desk, "/me/done");
    Ok(desk.page(StatusCode::OK, &frame, &page).done())
}
