//! The one place where a stop becomes HTTP: a refusal is a page in the person's language, a fault
//! is a plain page with a reference, never a source chain.

use std::error::Error;

use axum::http::StatusCode;
use axum::response::Response;
use keymend_domain::directory::RuleBroken;
use keymend_domain::refusal::Refusal;
use keymend_domain::time::Moment;

use super::answer::Desk;
use super::cookie::Cookie;
use super::page::ending::{DirectoryDown, Fault as FaultPage, NotFound, Paused, SiteOff, Stopped};
use super::page::proven::NextWay;
use super::page::{ErrorLine, Frame, Note, Sayings};
use super::words::{date_text, time_text};
use crate::app::{Fault, Stop};

/// What the page of an ended attempt is made of.
pub(super) struct Ended {
    pub frame: Frame,
    /// The name as typed, to start again with.
    pub user: String,
    /// Which gate of how many, if the first was passed.
    pub gate: Option<(u32, u32)>,
}

/// The status of a page that refuses, wherever it is shown.
///
/// Before the first gate only what an outsider can count himself is refused on such a page, so
/// that the status tells of no account (behaviour §3.5, §2.6 rule 7).
pub(super) fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::LimitReached { .. }
        | Refusal::SigninPaused { .. }
        | Refusal::NameBlocked { .. }
        | Refusal::TriesUsedUp
        | Refusal::ChallengeTooSoon { .. }
        | Refusal::ChallengeSpent
        | Refusal::BudgetSpent => StatusCode::TOO_MANY_REQUESTS,
        Refusal::FlowExpired | Refusal::FlowReplaced | Refusal::SigninEnded => StatusCode::GONE,
        Refusal::StepWrong | Refusal::LockNone => StatusCode::CONFLICT,
        Refusal::SiteOff | Refusal::StandingLost | Refusal::WriteProtected | Refusal::WayNone => {
            StatusCode::FORBIDDEN
        }
        Refusal::DirectoryDown { .. }
        | Refusal::SitePaused { .. }
        | Refusal::RightsMissing
        | Refusal::SendFailed { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::FormMissing
        | Refusal::FormStale
        | Refusal::CookieMissing
        | Refusal::HumanNotSure
        | Refusal::InputLong
        | Refusal::ClaimShape
        | Refusal::SigninNoMatch
        | Refusal::SigninUnusable
        | Refusal::SigninNotHere
        | Refusal::ProofWanted
        | Refusal::AnswerWrong { .. }
        | Refusal::AddressShape
        | Refusal::NumberShape
        | Refusal::PasswordRejected(_)
        | Refusal::PasswordOld
        | Refusal::ContactTwice
        | Refusal::MethodMost { .. }
        | Refusal::ContactInside
        | Refusal::NumberCountry
        | Refusal::NumberShared
        | Refusal::MethodLeast { .. }
        | Refusal::SkipOver => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl Desk {
    /// Answers a stop that no form can show.
    pub(super) fn stop(&self, stop: Stop) -> Response {
        match stop {
            Stop::Refused(refusal) => self.refused_within(&refusal),
            Stop::NoFlow => self.go("/reset").done(),
            Stop::NotSignedIn => self.go("/signin").done(),
            Stop::Renewed => self.go("/me").done(),
            Stop::Fault(fault) => self.fault(&fault),
        }
    }

    /// A refusal as a page of its own.
    pub(super) fn refused(&self, refusal: &Refusal) -> Response {
        let frame = self.frame();
        let status = status_of(refusal);
        match refusal {
            Refusal::DirectoryDown { .. } | Refusal::SitePaused { .. } => {
                self.out_of_reach(refusal, &frame, false)
            }
            Refusal::NameBlocked { wait_mins } => {
                let minutes = *wait_mins;
                self.page(status, &frame, &Paused { minutes }).done()
            }
            Refusal::SiteOff => self.page(status, &frame, &SiteOff {}).done(),
            Refusal::SigninEnded => {
                let go = self.go("/signin?ended=yes");
                go.with(self.clear(Cookie::Me)).done()
            }
            other => {
                let frame = Desk::with_errors(frame, self.lines(other, None));
                self.page(status, &frame, &NotFound {}).done()
            }
        }
    }

    /// An attempt that ended with a refusal.
    pub(super) fn ended(&self, refusal: &Refusal, ended: Ended) -> Response {
        let Ended { frame, user, gate } = ended;
        let status = status_of(refusal);
        match refusal {
            Refusal::DirectoryDown { .. } | Refusal::SitePaused { .. } => {
                self.out_of_reach(refusal, &frame, gate.is_some_and(|(step, _)| step > 1))
            }
            Refusal::WayNone => {
                let (step, of) = gate.unwrap_or((2, 2));
                let page = NextWay {
                    step,
                    of,
                    ways: vec![],
                    notes: vec![],
                    offers_unlock: false,
                };
                self.page(status, &frame, &page).done()
            }
            other => {
                let frame = Desk::with_errors(frame, self.lines(other, None));
                self.page(status, &frame, &Stopped { user }).done()
            }
        }
    }

    /// The same within an attempt or a sign-in: whoever is there has typed a name already, and may
    /// be known.
    pub(super) fn refused_within(&self, refusal: &Refusal) -> Response {
        match refusal {
            Refusal::DirectoryDown { .. } | Refusal::SitePaused { .. } => {
                self.out_of_reach(refusal, &self.frame(), true)
            }
            other => self.refused(other),
        }
    }

    /// S28: a directory that does not answer, or that its administrators paused.
    fn out_of_reach(&self, refusal: &Refusal, frame: &Frame, is_known: bool) -> Response {
        let (Refusal::DirectoryDown { directory } | Refusal::SitePaused { directory }) = refusal
        else {
            return self.not_found();
        };
        let app = self.web.app();
        let all = app.directories();
        // Whoever is known has the account in that very directory.
        let is_another_open = !is_known && all.is_another_open(Some(directory), &app.policy());
        let page = DirectoryDown {
            directory: all.title(directory),
            is_paused: matches!(refusal, Refusal::SitePaused { .. }),
            is_another_open,
        };
        self.page(status_of(refusal), frame, &page).done()
    }

    /// There is no such page.
    pub(super) fn not_found(&self) -> Response {
        self.page(StatusCode::NOT_FOUND, &self.frame(), &NotFound {})
            .done()
    }

    /// A fault: logged once, here, with its chain; shown with the reference alone.
    pub(super) fn fault(&self, fault: &Fault) -> Response {
        tracing::error!(
            request.id = self.seen.request_id,
            during = fault.during,
            chain = chain(fault),
            "a request failed"
        );
        let status = match fault.is_passing {
            true => StatusCode::SERVICE_UNAVAILABLE,
            false => StatusCode::INTERNAL_SERVER_ERROR,
        };
        self.page(status, &self.frame(), &FaultPage {}).done()
    }

    /// A refusal as lines on top of a page and beside its fields.
    pub(super) fn lines(&self, refusal: &Refusal, field: Option<&'static str>) -> Vec<ErrorLine> {
        let refusal = self.titled(refusal);
        self.say(|sayings| sayings.lines(&refusal, field))
    }

    /// The same refusal with what people call the directory in place of its name.
    fn titled(&self, refusal: &Refusal) -> Refusal {
        let title = |name: &str| self.web.app().directories().title(name);
        match refusal {
            Refusal::SitePaused { directory } => Refusal::SitePaused {
                directory: title(directory),
            },
            Refusal::DirectoryDown { directory } => Refusal::DirectoryDown {
                directory: title(directory),
            },
            other => other.clone(),
        }
    }

    fn say<T>(&self, speak: impl FnOnce(&Sayings<'_>) -> T) -> T {
        let site = self.web.site();
        let moment = |at: Moment| time_text(at, &site.time_zone, self.seen.lang);
        speak(&Sayings {
            user_example: &site.user_example,
            address_example: "name@example.com",
            number_example: &site.number_example,
            flow_minutes: self.web.app().policy().settings().limits.flow_mins,
            moment: &moment,
        })
    }

    /// What the directory itself refused, for the page that asks for another password.
    pub(super) fn directory_note(&self, broken: &[RuleBroken]) -> Option<Note> {
        let rule = broken.iter().find(|rule| {
            matches!(
                rule,
                RuleBroken::History { .. } | RuleBroken::Young { .. } | RuleBroken::Unsaid
            )
        })?;
        Some(self.say(|sayings| sayings.note(rule)))
    }

    /// That the directory allows no new password yet (KM-4009).
    pub(super) fn young_note(&self, from: Moment, changed_at: Option<Moment>) -> Note {
        let site = self.web.site();
        let lang = self.seen.lang;
        let Some(changed_at) = changed_at else {
            return self.say(|sayings| sayings.note(&RuleBroken::Young { from: Some(from) }));
        };
        Note::new(
            RuleBroken::Young { from: Some(from) }.id(),
            vec![
                ("known", "both".into()),
                ("date", date_text(changed_at, &site.time_zone, lang).into()),
                ("time", time_text(from, &site.time_zone, lang).into()),
            ],
        )
    }
}

/// The sources of an error, outermost first, for the log.
fn chain(fault: &dyn Error) -> String {
    let mut text = fault.to_string();
    let mut source = fault.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
