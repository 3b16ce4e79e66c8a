//! S09: security info, and what the pages of signed-in people share.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use keymend_domain::audit::AuditDeed;
use keymend_domain::method::Method;
use keymend_domain::registration::{Due, Level};
use serde_json::json;

use crate::app::{FormStep, Moved, OwnEvent as Happened, PersonPage, Stop};
use crate::web::Web;
use crate::web::answer::{Desk, plain};
use crate::web::cookie::Cookie;
use crate::web::form::Fields;
use crate::web::guard::Look;
use crate::web::page::own::{OwnEvent, OwnWay, SecurityInfo};
use crate::web::page::{Frame, Way};
use crate::web::words::{date_text, time_text};

/// A signed-in person and the handle of their browser.
pub(super) struct Signed {
    pub handle: String,
    pub page: PersonPage,
}

impl Signed {
    pub(super) fn frame(&self, desk: &Desk<'_>, here: &'static str) -> Frame {
        let person = &self.page.person;
        let mut frame = desk.step_frame(&self.handle, person.step, &person.correlation);
        frame.here = here.to_owned();
        frame.signed_in = Some(person.account.display_name.clone());
        if let Some(said) = &person.said {
            frame.errors = desk.lines(said, None);
        }
        frame
    }

    /// The frame of a page that waits for a code: it says so if no carrier took it.
    pub(super) fn code_frame(&self, desk: &Desk<'_>, here: &'static str) -> Frame {
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
        desk: &Desk<'_>,
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

/// Who is signed in; else the answer that leads to the sign-in.
pub(super) async fn signed(desk: &Desk<'_>) -> Result<Signed, Box<Response>> {
    let Some(handle) = desk.seen.me.clone() else {
        return Err(Box::new(desk.go("/signin").done()));
    };
    match desk.web.app().person(&handle).await {
        Ok(page) => Ok(Signed { handle, page }),
        Err(Stop::NotSignedIn) => Err(Box::new(
            desk.go("/signin").with(desk.clear(Cookie::Me)).done(),
        )),
        Err(stop) => Err(Box::new(desk.stop(stop))),
    }
}

/// Who is signed in and may do more than choose a new password.
pub(super) async fn full(desk: &Desk<'_>) -> Result<Signed, Box<Response>> {
    let signed = signed(desk).await?;
    match signed.page.person.level {
        Level::Full => Ok(signed),
        Level::MustChange(_) => Err(Box::new(desk.go("/me/password").done())),
    }
}

/// Checks cookie, fields and token of a signed-in person's form.
pub(super) fn own_form(
    desk: &Desk<'_>,
    mut fields: Fields,
    expected: &[&str],
) -> Result<(FormStep, Fields), Box<Response>> {
    if !fields.fits(expected) {
        return Err(Box::new(plain(StatusCode::BAD_REQUEST, "Bad request")));
    }
    let Some(handle) = desk.seen.me.clone() else {
        return Err(Box::new(desk.go("/signin").done()));
    };
    match desk
        .web
        .tokens()
        .check_step(&fields.take("form_token"), &handle)
    {
        Ok(step) => Ok((FormStep { handle, step }, fields)),
        Err(_) => Err(Box::new(desk.go("/me").done())),
    }
}

impl Desk<'_> {
    /// Where a signed-in person's step leads: `next` if it went through, `back` if it was refused.
    pub(super) fn own_moved(
        &self,
        moved: Result<Moved, Stop>,
        (next, back): (&'static str, &'static str),
    ) -> Response {
        match moved {
            Ok(moved) => {
                let mark = moved
                    .handle
                    .and_then(|mark| self.set(Cookie::Device, &mark));
                let path = match &moved.refusal {
                    None => next,
                    Some(keymend_domain::refusal::Refusal::ProofWanted) => "/me/proof",
                    Some(keymend_domain::refusal::Refusal::SigninEnded) => "/signin?ended=yes",
                    Some(_) => back,
                };
                self.go(path).with(mark).done()
            }
            Err(stop) => self.stop(stop),
        }
    }

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
pub(super) async fn show(State(web): State<Web>, Look(seen): Look) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    let signed = match full(&desk).await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    let has_to_register = matches!(
        signed.page.due,
        Due::Register {
            skips: keymend_domain::registration::Skips::None,
            ..
        }
    );
    if has_to_register {
        return desk.go("/register").done();
    }
    let events = match web.app().own_events(&signed.page.person).await {
        Ok(events) => events,
        Err(stop) => return desk.stop(stop),
    };
    let page = SecurityInfo {
        login_name: signed.page.person.account.login.clone(),
        needed: web.app().policy().gates(),
        ways: desk.own_ways(&signed),
        can_add: !signed.page.can_add.is_empty(),
        events: events
            .iter()
            .filter_map(|event| own_event(&desk, event))
            .collect(),
    };
    desk.page(StatusCode::OK, &signed.frame(&desk, "/me"), &page)
        .done()
}

fn own_event(desk: &Desk<'_>, event: &Happened) -> Option<OwnEvent> {
    let deed = match event.deed {
        AuditDeed::SigninSucceeded => "signed-in",
        AuditDeed::SigninFailed => "sign-in-failed",
        AuditDeed::FlowOpened => "reset-started",
        AuditDeed::ProofFailed => "proof-failed",
        AuditDeed::PasswordReset => "password-reset",
        AuditDeed::PasswordChanged => "password-changed",
        AuditDeed::AccountUnlocked => "account-unlocked",
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
pub(super) async fn export(State(web): State<Web>, Look(seen): Look) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    let signed = match full(&desk).await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    let events = match web.app().own_events(&signed.page.person).await {
        Ok(events) => events,
        Err(stop) => return desk.stop(stop),
    };
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
    (headers, held.to_string()).into_response()
}

/// `POST /me/remove`.
pub(super) async fn remove(State(web): State<Web>, Look(seen): Look, fields: Fields) -> Response {
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
        .remove_method(form, fields.take("method_id"), &visitor)
        .await;
    desk.own_moved(moved, ("/me", "/me"))
}
