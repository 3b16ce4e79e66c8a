//! Forms that belong to one attempt or to one signed-in person: checked in one way, answered in
//! one way.

use axum::response::Response;
use keymend_domain::refusal::Refusal;

use crate::app::{App, FormStep, Moved, OwnMoved, Stop, Visitor};
use crate::web::answer::{Desk, Halt};
use crate::web::cookie::Cookie;
use crate::web::form::Fields;

/// A form of one step: who sent it, from which step, and its fields.
pub(super) struct Sent {
    pub desk: Desk,
    pub form: FormStep,
    pub visitor: Visitor,
    fields: Fields,
}

impl Sent {
    /// A form of an attempt.
    ///
    /// # Errors
    ///
    /// The answer to give instead.  A form of an older page is answered by the page the attempt
    /// is at: nothing is spent.  After a gate the handle is new, so that every older form is
    /// foreign; so is a forged one.  Both see that page, and neither moves it.
    pub(super) async fn in_flow(
        desk: Desk,
        fields: Fields,
        expected: &[&str],
    ) -> Result<Self, Halt> {
        let handle = desk.seen.flow.clone();
        let elsewhere = ("/reset", "/flow");
        Self::checked(desk, (fields, expected), handle, elsewhere).await
    }

    /// A form of a signed-in person.
    ///
    /// # Errors
    ///
    /// The answer to give instead: the sign-in, or the page about the person's own info.
    pub(super) async fn in_person(
        desk: Desk,
        fields: Fields,
        expected: &[&str],
    ) -> Result<Self, Halt> {
        let handle = desk.seen.me.clone();
        let elsewhere = ("/signin", "/me");
        Self::checked(desk, (fields, expected), handle, elsewhere).await
    }

    async fn checked(
        desk: Desk,
        (mut fields, expected): (Fields, &[&str]),
        handle: Option<String>,
        (start, here): (&'static str, &'static str),
    ) -> Result<Self, Halt> {
        desk.expects(&fields, expected)?;
        let Some(handle) = handle else {
            return Err(desk.go(start).done().into());
        };
        let token = fields.take("form_token");
        let Ok(step) = desk.web.tokens().check_step(&token, &handle) else {
            return Err(desk.go(here).done().into());
        };
        let visitor = desk.visitor().await?;
        let form = FormStep { handle, step };
        Ok(Self {
            desk,
            form,
            visitor,
            fields,
        })
    }

    /// A field's text; empty if it was not sent.
    pub(super) fn take(&mut self, name: &'static str) -> String {
        self.fields.take(name)
    }

    /// All fields, for what reads several of them.
    pub(super) fn fields(&mut self) -> &mut Fields {
        &mut self.fields
    }

    /// The deeds.
    pub(super) fn app(&self) -> &App {
        self.desk.web.app()
    }

    /// The step, for a deed that takes it.
    pub(super) fn step(&self) -> FormStep {
        self.form.clone()
    }

    /// After a step of an attempt its page is asked for again, so that a reload sends nothing
    /// twice.
    pub(super) fn moved(&self, moved: Result<Moved, Stop>) -> Response {
        match moved {
            Ok(moved) => {
                let cookie = moved
                    .handle
                    .and_then(|handle| self.desk.set(Cookie::Flow, &handle));
                self.desk.go("/flow").with(cookie).done()
            }
            Err(stop) => self.desk.stop(stop),
        }
    }

    /// Where a signed-in person's step leads: `next` if it went through, `back` if it was refused.
    pub(super) fn own_moved(
        &self,
        moved: Result<OwnMoved, Stop>,
        (next, back): (&'static str, &'static str),
    ) -> Response {
        let desk = &self.desk;
        let moved = match moved {
            Ok(moved) => moved,
            Err(stop) => return desk.stop(stop),
        };
        let path = match &moved.refusal {
            None => next,
            Some(Refusal::ProofWanted) => "/me/proof",
            Some(ended @ Refusal::SigninEnded) => return desk.refused(ended),
            Some(_) => back,
        };
        let handle = moved
            .handle
            .and_then(|handle| desk.set(Cookie::Me, &handle));
        let mark = moved.mark.and_then(|mark| desk.set_mark(&mark));
        desk.go(path).with(handle).with(mark).done()
    }
}
