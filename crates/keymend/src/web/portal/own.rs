//! S09: security info, and what the pages of signed-in people share.

use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use keymend_domain::audit::AuditDeed;
use keymend_domain::method::Method;
use keymend_domain::registration::{Due, Level};
use serde_json::json;

use super::posted::Sent;
use crate::app::{OwnEvent as Happened, PersonPage, Stop};
use crate::web::answer::{Answered, Desk, Halt};
use crate::web::cookie::Cookie;
use crate::web::form::Fields;
use crate::web::page::own::{OwnEvent, OwnWay, SecurityInfo};
use crate::web::page::{Frame, Way};
use crate::web::words::{date_text, time_text};

/// A signed-in person and the handle of their browser.
pub(super) struct Signed {
    pub handle: String,
    pub page: PersonPage,
}

impl Signed {
    pub(super) fn frame(&self, desk: &Desk, here: &'static str) -> Frame {
        let person = &self.page.person;
        let mut frame = desk.step_frame(&self.handle, person.step, &person.correlation);
        frame.here = here.to_owned();
        frame.signed_in = Some(person.account.display_name.clone());
        frame.ended_others = person.ended_others;
        if let Some(said) = &person.said {
            frame.errors = desk.lines(said, None);
        }
        frame
    }

    /// The frame of a page that waits for a code: it says so if no carrier took it.
    pub(super) fn code_frame(&self, desk: &Desk, here: &'static str) -> Frame {
        let mut frame = self.frame_about(desk, here, "code");
        if let Some(pending) = self
            .page
            .person
            .pending
            .as_ref()
            .filter(|_| self.page.is_unsent)
        {
            let refusal = keymend_domain::refusal::Refusal::SendFailed { kind: pending.kind };
            frame.errors.extend(desk.lines(&refusal, None));
        }
        frame
    }

    /// The frame, with the field that what was said belongs to.
    pub(super) fn frame_about(
        &self,
        desk: &Desk,
        here: &'static str,
        field: &'static str,
    ) -> Frame {
        let mut frame = self.frame(desk, here);
        if let Some(said) = &self.page.person.said {
            frame.errors = desk.lines(said, Some(field));
        }
        frame
    }
}

/// Who is signed in.
///
/// # Errors
///
/// The answer that leads to the sign-in.
pub(super) async fn signed(desk: &Desk) -> Result<Signed, Halt> {
    let Some(handle) = desk.seen.me.clone() else {
        return Err(desk.go("/signin").done().into());
    };
    match desk.web.app().person(&handle).await {
        Ok(page) => Ok(Signed { handle, page }),
        Err(Stop::NotSignedIn) => {
            let go = desk.go("/signin").with(desk.clear(Cookie::Me));
            Err(go.done().into())
        }
        // The cookie may be the newer one by now, so it stays.
        Err(Stop::Renewed) => Err(desk.go("/signin").done().into()),
        Err(stop) => Err(desk.stop(stop).into()),
    }
}

/// Who is signed in and may do more than choose a new password.
///
/// # Errors
///
/// The answer that leads to the sign-in, or to the new password.
pub(super) async fn full(desk: &Desk) -> Result<Signed, Halt> {
    let signed = signed(desk).await?;
    match signed.page.person.level {
        Level::Full => Ok(signed),
        Level::MustChange(_) => Err(desk.go("/me/password").done().into()),
    }
}

impl Desk {
    pub(super) fn own_way(&self, method: &Method) -> OwnWay {
        let zone = &self.web.site().time_zone;
        let (lang, now) = (self.seen.lang, self.web.app().now());
        OwnWay {
            id: method.id.to_string(),
            way: Way::from(method.kind),
            masked: method.contact.masked(),
            added: date_text(method.added_at, zone, lang),
            last_used: method.used_at.map(|at| date_text(at, zone, lang)),
            counts_from: method
                .probation_until
                .filter(|until| *until > now)
                .map(|until| time_text(until, zone, lang)),
        }
    }

    pub(super) fn own_ways(&self, signed: &Signed) -> Vec<OwnWay> {
        signed
            .page
            .standing
            .methods
            .iter()
            .map(|method| self.own_way(method))
            .collect()
    }
}

/// `GET /me`.
pub(super) async fn show(desk: Desk) -> Answered {
    let signed = full(&desk).await?;
    let has_to_register = matches!(
        signed.page.due,
        Due::Register {
            skips: keymend_domain::registration::Skips::None,
            ..
        }
    );
    if has_to_register {
        return Ok(desk.go("/register").done());
    }
    let events = own_events(&desk, &signed).await?;
    let page = SecurityInfo {
        login_name: signed.page.person.account.login.clone(),
        needed: desk.web.app().policy().gates(),
        ways: desk.own_ways(&signed),
        can_add: !signed.page.can_add.is_empty(),
        events: events
            .iter()
            .filter_map(|event| own_event(&desk, event))
            .collect(),
    };
    let frame = signed.frame(&desk, "/me");
    Ok(desk.page(StatusCode::OK, &frame, &page).done())
}

async fn own_events(desk: &Desk, signed: &Signed) -> Result<Vec<Happened>, Halt> {
    let events = desk.web.app().own_events(&signed.page.person).await;
    events.map_err(|stop| desk.stop(stop).into())
}

fn own_event(desk: &Desk, event: &Happened) -> Option<OwnEvent> {
    let deed = match event.deed {
        AuditDeed::SigninSucceeded => "signed-in",
        AuditDeed::SigninFailed => "sign-in-failed",
        AuditDeed::FlowOpened => "reset-started",
        AuditDeed::ProofFailed => "proof-failed",
        AuditDeed::PasswordReset => "password-reset",
        AuditDeed::PasswordChanged => "password-changed",
        AuditDeed::AccountUnlocked => "account-unlocked",
        AuditDeed::WrongPasswordsSeen => "wrong-passwords",
        AuditDeed::MethodRegistered => "way-added",
        AuditDeed::MethodRemoved => "way-removed",
        AuditDeed::RegistrationReconfirmed => "ways-confirmed",
        AuditDeed::IdentityBlocked => "name-paused",
        AuditDeed::ContactAdminRequested => "help-requested",
        AuditDeed::AccountFrozen => "account-frozen",
        AuditDeed::SecurityinfoExported => "data-exported",
        _ => return None,
    };
    let at = time_text(event.time, &desk.web.site().time_zone, desk.seen.lang);
    Some(OwnEvent { at, deed })
}

/// `GET /me/export`: what is held about the person, as they may see it.
pub(super) async fn export(desk: Desk) -> Answered {
    let signed = full(&desk).await?;
    let events = own_events(&desk, &signed).await?;
    let methods = signed.page.standing.methods.iter().map(|method| {
        json!({
            "kind": method.kind.word(),
            "contact": method.contact.masked(),
            "added_ms": method.added_at.0,
            "last_used_ms": method.used_at.map(|at| at.0),
            "counts_from_ms": method.probation_until.map(|at| at.0),
        })
    });
    let account = &signed.page.person.account;
    let held = json!({
        "login": account.login,
        "display_name": account.display_name,
        "directory": account.id.directory.0,
        "methods": methods.collect::<Vec<_>>(),
        "skips_used": signed.page.profile.skips_used,
        "reviewed_ms": signed.page.profile.reviewed_at.map(|at| at.0),
        "events": events
            .iter()
            .map(|event| json!({ "time_ms": event.time.0, "event": event.deed.word() }))
            .collect::<Vec<_>>(),
    });
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"keymend-my-data.json\"",
        ),
    ];
    Ok((headers, held.to_string()).into_response())
}

/// `POST /me/remove`.
pub(super) async fn remove(desk: Desk, fields: Fields) -> Answered {
    let mut sent = Sent::in_person(desk, fields, &["method_id"]).await?;
    let method = sent.take("method_id");
    let moved = sent.app().remove_method(sent.step(), method, &sent.visitor);
    let moved = moved.await;
    Ok(sent.own_moved(moved, ("/me", "/me")))
}
