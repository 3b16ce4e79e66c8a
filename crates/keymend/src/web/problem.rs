//! The one place where a stop becomes HTTP: a refusal is a page in the person's language, a fault
//! is a plain page with a reference, never a source chain.

use std::error::Error;

use axum::http::StatusCode;
use axum::response::Response;
use keymend_domain::directory::RuleBroken;
use keymend_domain::refusal::Refusal;
use keymend_domain::time::Moment;

use super::answer::Desk;
use super::page::ErrorLine;
use super::page::ending::{DirectoryDown, Fault as FaultPage, Paused, SiteOff};
use super::words::{date_text, time_text};
use crate::app::{Fault, Stop};
use crate::text::TextValue;

impl Desk<'_> {
    /// Answers a stop that no form can show.
    pub(super) fn stop(&self, stop: Stop) -> Response {
        match stop {
            Stop::Refused(refusal) => self.refused(&refusal),
            Stop::NoFlow => self.go("/reset").done(),
            Stop::NotSignedIn => self.go("/signin").done(),
            Stop::Fault(fault) => self.fault(&fault),
        }
    }

    /// A refusal as a page of its own.
    pub(super) fn refused(&self, refusal: &Refusal) -> Response {
        let frame = self.frame();
        match refusal {
            Refusal::DirectoryDown { directory } | Refusal::SitePaused { directory } => {
                let page = DirectoryDown {
                    directory: self.web.app().directories().title(directory),
                    is_paused: matches!(refusal, Refusal::SitePaused { .. }),
                };
                self.page(StatusCode::SERVICE_UNAVAILABLE, &frame, &page).done()
            }
            Refusal::NameBlocked { wait_mins } => {
                let page = Paused { minutes: *wait_mins };
                self.page(StatusCode::TOO_MANY_REQUESTS, &frame, &page).done()
            }
            Refusal::SiteOff => self.page(StatusCode::OK, &frame, &SiteOff {}).done(),
            Refusal::SigninEnded => self.go("/signin").done(),
            other => {
                let frame = Desk::with_errors(frame, self.lines(other, None));
                let page = super::page::ending::NotFound {};
                self.page(StatusCode::UNPROCESSABLE_ENTITY, &frame, &page).done()
            }
        }
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
        if let Refusal::PasswordRejected(broken) = refusal {
            return broken.iter().map(|rule| self.rule_line(rule)).collect();
        }
        vec![ErrorLine { field, refusal_id: refusal.id(), values: self.values(refusal) }]
    }

    fn values(&self, refusal: &Refusal) -> Vec<(&'static str, TextValue)> {
        let site = self.web.site();
        match refusal {
            Refusal::LimitReached { wait_mins } | Refusal::SigninPaused { wait_mins } => {
                vec![("n", (*wait_mins).into())]
            }
            Refusal::NameBlocked { wait_mins } => vec![("minutes", (*wait_mins).into())],
            Refusal::ClaimShape => vec![("example", site.user_example.as_str().into())],
            Refusal::AddressShape => vec![("example", "name@example.com".into())],
            Refusal::NumberShape => vec![("example", site.number_example.as_str().into())],
            Refusal::ChallengeTooSoon { wait_secs } => vec![("n", (*wait_secs).into())],
            Refusal::FlowExpired => {
                vec![("n", self.web.app().policy().settings().limits.flow_mins.into())]
            }
            Refusal::SitePaused { directory } | Refusal::DirectoryDown { directory } => {
                let title = self.web.app().directories().title(directory);
                vec![("directory", title.into())]
            }
            Refusal::MethodMost { most } => vec![("n", (*most).into())],
            Refusal::MethodLeast { least } => vec![("n", (*least).into())],
            _ => Vec::new(),
        }
    }

    fn rule_line(&self, rule: &RuleBroken) -> ErrorLine {
        let field = if *rule == RuleBroken::Differ { "again" } else { "password" };
        ErrorLine { field: Some(field), refusal_id: rule.id(), values: self.rule_values(rule, None) }
    }

    /// What is filled into the sentence of a broken rule.
    pub(super) fn rule_values(
        &self,
        rule: &RuleBroken,
        changed_at: Option<Moment>,
    ) -> Vec<(&'static str, TextValue)> {
        let site = self.web.site();
        let lang = self.seen.lang;
        match rule {
            RuleBroken::Short { least, typed } => {
                vec![("n", (*least).into()), ("m", (*typed).into())]
            }
            RuleBroken::Long { most } => vec![("n", (*most).into())],
            RuleBroken::Banned { term } => vec![("term", term.as_str().into())],
            RuleBroken::Name { part } => vec![("part", part.as_str().into())],
            RuleBroken::Classes { needed, used } => {
                vec![("n", (*needed).into()), ("k", (*used).into())]
            }
            RuleBroken::History { remembered } => vec![("n", (*remembered).into())],
            RuleBroken::Young { from } => {
                let known = match (from, changed_at) {
                    (Some(_), Some(_)) => "both",
                    (Some(_), None) => "time",
                    (None, _) => "neither",
                };
                let date = changed_at.map(|at| date_text(at, &site.time_zone, lang));
                let time = from.map(|at| time_text(at, &site.time_zone, lang));
                vec![
                    ("known", known.into()),
                    ("date", date.unwrap_or_default().into()),
                    ("time", time.unwrap_or_default().into()),
                ]
            }
            RuleBroken::Unsaid => vec![("maybe", "used-before".into())],
            RuleBroken::Sign { which } => vec![("which", which.as_str().into())],
            RuleBroken::Few { least } => vec![("n", (*least).into())],
            RuleBroken::Differ | RuleBroken::Leaked | RuleBroken::Same => Vec::new(),
        }
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
