//! The pages between the first form and the end, all at one address: the flow knows where it is.

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use keymend_domain::directory::{Barrier, DeedKind, RuleBroken};
use keymend_domain::flow::{Finish, Intent as Wish, View};
use keymend_domain::method::MethodKind;
use keymend_domain::refusal::Refusal;

use super::posted::Sent;
use crate::app::{FlowPage, Moved, Stop};
use crate::web::answer::{Answered, Desk, plain};
use crate::web::cookie::Cookie;
use crate::web::form::Fields;
use crate::web::page::before_proof::{
    Intent, LaterGate, ProveByEmail, ProveByText, TypeCode, Ways,
};
use crate::web::page::ending::{
    Barred, Cancelled, Expired, PasswordChanged, Paused, Unconfirmed, Unlocked,
};
use crate::web::page::proven::{NewPassword, NextWay, Saving, Unlock};
use crate::web::page::{ErrorLine, Frame, Page, Strength, TimeLeft, Way};
use crate::web::problem::Ended;

/// `GET /flow`.
pub(super) async fn show(desk: Desk, RawQuery(query): RawQuery) -> Response {
    let Some(handle) = &desk.seen.flow else {
        // Straight from the first form without its cookie: the browser keeps none.
        let is_lost = query.as_deref() == Some("from=start");
        return desk
            .go(if is_lost {
                "/reset?cookie=lost"
            } else {
                "/reset"
            })
            .done();
    };
    match desk.web.app().view(handle).await {
        Ok(page) => Shown {
            desk: &desk,
            handle,
            page: &page,
            typed: "",
            strength: strength_of(query.as_deref()),
        }
        .answer(),
        Err(Stop::NoFlow) => desk.go("/reset").with(desk.clear(Cookie::Flow)).done(),
        Err(stop) => desk.stop(stop),
    }
}

struct Shown<'a> {
    desk: &'a Desk,
    handle: &'a str,
    page: &'a FlowPage,
    /// An address or number that was none, to be mended.
    typed: &'a str,
    /// How strong the refused password was.
    strength: Option<Strength>,
}

/// What the answer to a refused password said of its strength.
fn strength_of(query: Option<&str>) -> Option<Strength> {
    Strength::from_word(query?.strip_prefix("strength=")?)
}

impl Shown<'_> {
    fn answer(&self) -> Response {
        match &self.page.view {
            View::Intent => self.open(&Intent {}),
            View::Menu {
                gates: None, kinds, ..
            } => self.open(&Ways { ways: ways(kinds) }),
            View::Menu { gates: Some(_), .. } => self.next_way(),
            View::Contact { kind } => self.contact(*kind),
            View::Code { .. } => self.code(),
            View::NewPassword { .. } => self.new_password(),
            View::Unlock {
                login,
                is_locked,
                is_allowed,
            } => self.open(&Unlock {
                login_name: login.clone(),
                is_locked: *is_locked,
                is_allowed: *is_allowed,
            }),
            View::Working => self
                .desk
                .page(StatusCode::OK, &self.frame(), &Saving { renew_secs: 2 })
                .done(),
            View::Finished { finish, .. } => self.finished(finish),
        }
    }

    fn frame(&self) -> Frame {
        let mut frame = self
            .desk
            .step_frame(self.handle, self.page.step, &self.page.correlation);
        frame.here = "/flow".to_owned();
        frame
    }

    fn errors(&self, field: Option<&'static str>) -> Vec<ErrorLine> {
        let said = self.page.said.as_ref();
        said.map(|said| self.desk.lines(said, field))
            .unwrap_or_default()
    }

    /// A page inside a running attempt: errors on top, time left below.
    fn open<P: Page>(&self, page: &P) -> Response {
        self.open_with(page, self.errors(None))
    }

    fn open_with<P: Page>(&self, page: &P, errors: Vec<ErrorLine>) -> Response {
        let mut frame = Desk::with_errors(self.frame(), errors);
        frame.time_left = Some(TimeLeft {
            secs: self.page.expires_at.secs_left(self.desk.web.app().now()),
            extensions_left: self.page.extensions_left,
        });
        self.desk.page(StatusCode::OK, &frame, page).done()
    }

    /// Which gate this is; told only after the first.
    fn later<P: Page>(&self, page: P) -> Response
    where
        LaterGate<P>: Page,
    {
        let mut errors = self.errors(Some(field_of(&self.page.view)));
        if let View::Code {
            kind, failed: true, ..
        } = &self.page.view
        {
            errors.extend(self.desk.lines(&Refusal::SendFailed { kind: *kind }, None));
        }
        match self.page.gate {
            Some((step, of)) if step > 1 => {
                let tries_left = self.page.tries_left;
                self.open_with(
                    &LaterGate {
                        step,
                        of,
                        tries_left,
                        page,
                    },
                    errors,
                )
            }
            _ => self.open_with(&page, errors),
        }
    }

    fn contact(&self, kind: MethodKind) -> Response {
        match kind {
            MethodKind::Email => self.later(ProveByEmail {
                address: self.typed.to_owned(),
            }),
            MethodKind::Text => {
                let example = self.desk.web.site().number_example.clone();
                self.later(ProveByText {
                    address: self.typed.to_owned(),
                    example,
                })
            }
        }
    }

    fn code(&self) -> Response {
        let View::Code {
            kind,
            typed,
            digits,
            resend_at,
            may_resend,
            ..
        } = &self.page.view
        else {
            return self.desk.not_found();
        };
        let web = &self.desk.web;
        self.later(TypeCode {
            way: Way::from(*kind),
            typed: typed.clone(),
            digits: *digits,
            minutes: web.app().policy().settings().limits.code_mins,
            resend_secs: resend_at.secs_left(web.app().now()),
            can_resend: *may_resend,
        })
    }

    fn next_way(&self) -> Response {
        let View::Menu {
            gate,
            gates,
            kinds,
            too_young,
            changed_at,
            may_unlock,
        } = &self.page.view
        else {
            return self.desk.not_found();
        };
        let notes = too_young.map(|from| self.desk.young_note(from, *changed_at));
        self.open(&NextWay {
            step: *gate,
            of: gates.unwrap_or(*gate),
            ways: ways(kinds),
            offers_unlock: notes.is_some() && *may_unlock,
            notes: notes.into_iter().collect(),
        })
    }

    fn new_password(&self) -> Response {
        let View::NewPassword {
            login,
            too_young,
            changed_at,
            may_unlock,
        } = &self.page.view
        else {
            return self.desk.not_found();
        };
        let mut notes = Vec::from_iter(too_young.map(|at| self.desk.young_note(at, *changed_at)));
        let mut is_young = too_young.is_some();
        let mut rejected = None;
        let mut errors = self.errors(Some("password"));
        if let Some(Refusal::PasswordRejected(broken)) = &self.page.said
            && let Some(note) = self.desk.directory_note(broken)
        {
            // The directory may know that alone.
            is_young |= broken
                .iter()
                .any(|rule| matches!(rule, RuleBroken::Young { .. }));
            // The page itself says it, under its own heading.
            errors.retain(|line| line.refusal_id != note.refusal_id);
            // Of two notes about one thing, the one made of the account knows more.
            let known = notes
                .iter()
                .position(|known| known.refusal_id == note.refusal_id);
            rejected = Some(known.map_or(note, |known| notes.remove(known)));
        }
        let page = NewPassword {
            login_name: login.clone(),
            rules: self.page.rules.as_slice().into(),
            notes,
            rejected,
            strength: self.strength,
            offers_unlock: is_young && *may_unlock,
        };
        self.open_with(&page, errors)
    }

    fn finished(&self, finish: &Finish) -> Response {
        let (desk, frame) = (self.desk, self.frame());
        match finish {
            Finish::Done {
                kind: DeedKind::Unlock,
                ..
            } => {
                let sign_in_url = desk.web.site().sign_in_url.clone();
                self.end(&Unlocked { sign_in_url })
            }
            Finish::Done {
                unlocked,
                change_again,
                ..
            } => self.end(&self.changed(*unlocked, *change_again)),
            Finish::Barred(Barrier::StillLocked | Barrier::CannotSignIn) => {
                desk.page(StatusCode::OK, &frame, &Barred::NotYet).done()
            }
            Finish::Unknown => desk
                .page(StatusCode::GATEWAY_TIMEOUT, &frame, &Unconfirmed {})
                .done(),
            Finish::Cancelled => self.end(&Cancelled {}),
            Finish::Expired => desk.page(StatusCode::GONE, &frame, &self.expired()).done(),
            Finish::Replaced => self.refused(&Refusal::FlowReplaced, frame),
            Finish::Blocked { wait_mins } => {
                let minutes = *wait_mins;
                let page = Paused { minutes };
                desk.page(StatusCode::TOO_MANY_REQUESTS, &frame, &page)
                    .done()
            }
            Finish::ChangeRefused(_) | Finish::ChangeWrongCurrent => desk.go("/me/password").done(),
            Finish::NotDone(refusal) | Finish::Refused(refusal) => self.refused(refusal, frame),
        }
    }

    /// The last page of a journey that ended well: nothing of it stays in the browser's cache.
    fn end<P: Page>(&self, page: &P) -> Response {
        self.desk
            .page(StatusCode::OK, &self.frame(), page)
            .clearing()
            .done()
    }

    fn changed(&self, was_unlocked: bool, changes_again: bool) -> PasswordChanged {
        let site = self.desk.web.site();
        PasswordChanged {
            systems: site
                .systems
                .clone()
                .unwrap_or_else(|| site.organisation.clone()),
            others_within_minutes: None,
            pending: None,
            was_unlocked,
            changes_again,
            sign_in_url: site.sign_in_url.clone(),
        }
    }

    fn expired(&self) -> Expired {
        let minutes = self.desk.web.app().policy().settings().limits.flow_mins;
        Expired {
            minutes,
            user: self.page.claim.clone(),
        }
    }

    fn refused(&self, refusal: &Refusal, frame: Frame) -> Response {
        let ended = Ended {
            frame,
            user: self.page.claim.clone(),
            gate: self.page.gate,
        };
        self.desk.ended(refusal, ended)
    }
}

fn ways(kinds: &[MethodKind]) -> Vec<Way> {
    kinds.iter().copied().map(Way::from).collect()
}

fn field_of(view: &View) -> &'static str {
    match view {
        View::Contact { .. } => "address",
        View::Code { .. } => "code",
        _ => "method",
    }
}

/// `POST /flow/resend`.
pub(super) async fn resend(desk: Desk, fields: Fields) -> Answered {
    let sent = Sent::in_flow(desk, fields, &[]).await?;
    let moved = sent.app().resend(sent.step(), &sent.visitor).await;
    Ok(sent.moved(moved))
}

/// `POST /flow/other`.
pub(super) async fn other(desk: Desk, fields: Fields) -> Answered {
    let sent = Sent::in_flow(desk, fields, &[]).await?;
    let moved = sent.app().other_way(sent.step(), &sent.visitor).await;
    Ok(sent.moved(moved))
}

/// `POST /flow/more-time`.
pub(super) async fn more_time(desk: Desk, fields: Fields) -> Answered {
    let sent = Sent::in_flow(desk, fields, &[]).await?;
    let moved = sent.app().more_time(sent.step(), &sent.visitor).await;
    Ok(sent.moved(moved))
}

/// `POST /flow/cancel`.
pub(super) async fn cancel(desk: Desk, fields: Fields) -> Answered {
    let sent = Sent::in_flow(desk, fields, &[]).await?;
    let moved = sent.app().cancel(sent.step(), &sent.visitor).await;
    Ok(sent.moved(moved))
}

/// `POST /flow/reset-instead`.
pub(super) async fn reset_instead(desk: Desk, fields: Fields) -> Answered {
    switch(desk, fields, Wish::Reset).await
}

/// `POST /flow/unlock-instead`.
pub(super) async fn unlock_instead(desk: Desk, fields: Fields) -> Answered {
    switch(desk, fields, Wish::Unlock).await
}

async fn switch(desk: Desk, fields: Fields, wish: Wish) -> Answered {
    let sent = Sent::in_flow(desk, fields, &[]).await?;
    let moved = sent.app().switch_intent(sent.step(), wish, &sent.visitor);
    let moved = moved.await;
    Ok(sent.moved(moved))
}

/// `POST /flow/challenge`.
pub(super) async fn challenge(desk: Desk, fields: Fields) -> Answered {
    let mut sent = Sent::in_flow(desk, fields, &["address"]).await?;
    let address = sent.take("address");
    let moved = sent
        .app()
        .challenge(sent.step(), address.clone(), &sent.visitor)
        .await;
    Ok(match moved {
        Ok(moved) if is_shape(moved.refusal.as_ref()) => mend(&sent, &moved, &address).await,
        moved => sent.moved(moved),
    })
}

/// Whether what was typed can be no address or number at all.
pub(super) fn is_shape(refusal: Option<&Refusal>) -> bool {
    matches!(
        refusal,
        Some(Refusal::AddressShape | Refusal::NumberShape | Refusal::FormMissing)
    )
}

/// The same form with what was typed, which is mended sooner than typed again.
async fn mend(sent: &Sent, moved: &Moved, typed: &str) -> Response {
    let handle = moved.handle.as_ref().unwrap_or(&sent.form.handle);
    let desk = &sent.desk;
    match desk.web.app().view(handle).await {
        Ok(page) => Shown {
            desk,
            handle,
            page: &page,
            typed,
            strength: None,
        }
        .answer(),
        Err(stop) => sent.moved(Err(stop)),
    }
}

/// `POST /flow/prove`.
pub(super) async fn prove(desk: Desk, fields: Fields) -> Answered {
    let mut sent = Sent::in_flow(desk, fields, &["code"]).await?;
    let code = sent.fields().take_secret("code");
    let moved = sent.app().prove(sent.step(), &code, &sent.visitor).await;
    Ok(sent.moved(moved))
}

/// `POST /flow/intent`.
pub(super) async fn intent(desk: Desk, fields: Fields) -> Answered {
    let mut sent = Sent::in_flow(desk, fields, &["intent"]).await?;
    let wish = match sent.take("intent").as_str() {
        "reset" => Wish::Reset,
        "unlock" => Wish::Unlock,
        "" => return Ok(missing(&sent, "intent", &Intent {})),
        _ => return Ok(plain(StatusCode::BAD_REQUEST, "Bad request")),
    };
    let moved = sent.app().choose_intent(sent.step(), wish, &sent.visitor);
    let moved = moved.await;
    Ok(sent.moved(moved))
}

/// `POST /flow/method`.
pub(super) async fn method(desk: Desk, fields: Fields) -> Answered {
    let mut sent = Sent::in_flow(desk, fields, &["method"]).await?;
    let word = sent.take("method");
    let kind = match (word.as_str(), MethodKind::from_word(&word)) {
        ("none", _) => return Ok(sent.desk.go("/help").done()),
        ("", _) => {
            let ways = ways(&sent.app().policy().methods());
            return Ok(missing(&sent, "method", &Ways { ways }));
        }
        (_, Some(kind)) => kind,
        (_, None) => return Ok(plain(StatusCode::BAD_REQUEST, "Bad request")),
    };
    let moved = sent.app().choose_method(sent.step(), kind, &sent.visitor);
    let moved = moved.await;
    Ok(sent.moved(moved))
}

/// Nothing was chosen: the same page, and its form still good.
fn missing<P: Page>(sent: &Sent, field: &'static str, page: &P) -> Response {
    let desk = &sent.desk;
    let mut frame = desk.frame();
    frame.form_token = desk.web.tokens().step(&sent.form.handle, sent.form.step);
    frame.here = "/flow".to_owned();
    let lines = desk.lines(&Refusal::FormMissing, Some(field));
    let frame = Desk::with_errors(frame, lines);
    desk.page(StatusCode::UNPROCESSABLE_ENTITY, &frame, page)
        .done()
}
