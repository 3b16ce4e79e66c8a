//! Every page in every shape, for tests and for looking at.

use super::before_proof::{
    Intent, LaterGate, ProveByEmail, ProveByText, QueueWait, Start, TypeCode, Ways,
};
use super::demo::Outbox;
use super::ending::{
    AskForHelp, Barred, Cancelled, DirectoryDown, Expired, Fault, HelpSent, NotFound, NotMe,
    NotMeDone, PasswordChanged, Paused, SiteOff, Stopped, Unconfirmed, Unlocked,
};
use super::own::{ProofChoice, ProofCode, SecurityInfo, SignIn};
use super::own_password::ChangePassword;
use super::proven::{NewPassword, NextWay, Saving, Unlock};
use super::registration::{
    AddEmail, AddNumber, ChooseWay, SetUp, SetUpDone, StillRight, TypeOwnCode,
};
use super::{Frame, Page, RenderFault, Renderer};

/// One page in one shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhibit {
    /// Page and number of the sample, for example `s12-start-1`.
    pub name: String,
    /// The whole document.
    pub html: String,
}

/// The three kinds of frame that pages stand in.
#[derive(Clone, Debug)]
pub struct Frames {
    /// Pages without a flow and without anybody signed in.
    pub plain: Frame,
    /// Pages inside a flow, where time runs.
    pub flow: Frame,
    /// Pages of a person who is signed in.
    pub own: Frame,
}

/// Renders every sample of every page.
///
/// # Errors
///
/// `RenderFault` if any template does not fit its struct.
pub fn gallery(renderer: &Renderer, frames: &Frames) -> Result<Vec<Exhibit>, RenderFault> {
    let mut hall = Hall {
        renderer,
        exhibits: Vec::new(),
    };
    hang_plain_pages(&mut hall, &frames.plain)?;
    hang_flow_pages(&mut hall, &frames.flow)?;
    hang_own_pages(&mut hall, &frames.own)?;
    Ok(hall.exhibits)
}

struct Hall<'a> {
    renderer: &'a Renderer,
    exhibits: Vec<Exhibit>,
}

impl Hall<'_> {
    fn hang<P: Page>(&mut self, name: &str, frame: &Frame) -> Result<(), RenderFault> {
        for (number, page) in P::samples().iter().enumerate() {
            let html = self.renderer.page(frame, page)?;
            self.exhibits.push(Exhibit {
                name: format!("{name}-{}", number + 1),
                html,
            });
        }
        Ok(())
    }
}

fn hang_plain_pages(hall: &mut Hall<'_>, frame: &Frame) -> Result<(), RenderFault> {
    hall.hang::<SignIn>("s01-sign-in", frame)?;
    hall.hang::<Start>("s12-start", frame)?;
    hall.hang::<QueueWait>("s12-queue-wait", frame)?;
    hall.hang::<AskForHelp>("s25-ask-for-help", frame)?;
    hall.hang::<HelpSent>("s25-help-sent", frame)?;
    hall.hang::<Paused>("s26-paused", frame)?;
    hall.hang::<Expired>("s27-expired", frame)?;
    hall.hang::<Stopped>("stopped", frame)?;
    hall.hang::<DirectoryDown>("s28-directory-down", frame)?;
    hall.hang::<Unconfirmed>("s29-unconfirmed", frame)?;
    hall.hang::<Cancelled>("s32-cancelled", frame)?;
    hall.hang::<NotMe>("s33-not-me", frame)?;
    hall.hang::<NotMeDone>("s33-not-me-done", frame)?;
    hall.hang::<Saving>("s19-saving", frame)?;
    hall.hang::<PasswordChanged>("s21-changed", frame)?;
    hall.hang::<Unlocked>("s23-unlocked", frame)?;
    hall.hang::<Barred>("s34-barred", frame)?;
    hall.hang::<SiteOff>("site-off", frame)?;
    hall.hang::<Fault>("fault", frame)?;
    hall.hang::<NotFound>("not-found", frame)?;
    hall.hang::<Outbox>("demo-outbox", frame)
}

fn hang_flow_pages(hall: &mut Hall<'_>, frame: &Frame) -> Result<(), RenderFault> {
    hall.hang::<Intent>("s13-intent", frame)?;
    hall.hang::<Ways>("s14-ways", frame)?;
    hall.hang::<ProveByEmail>("s15-email", frame)?;
    hall.hang::<ProveByText>("s15-text", frame)?;
    hall.hang::<TypeCode>("s16-type-code", frame)?;
    hall.hang::<NextWay>("s17-next-way", frame)?;
    hall.hang::<LaterGate<ProveByEmail>>("s17-email", frame)?;
    hall.hang::<LaterGate<ProveByText>>("s17-text", frame)?;
    hall.hang::<LaterGate<TypeCode>>("s17-type-code", frame)?;
    hall.hang::<NewPassword>("s20-new-password", frame)?;
    hall.hang::<Unlock>("s22-unlock", frame)
}

fn hang_own_pages(hall: &mut Hall<'_>, frame: &Frame) -> Result<(), RenderFault> {
    hall.hang::<SetUp>("s02-set-up", frame)?;
    hall.hang::<ChooseWay>("s03-choose-way", frame)?;
    hall.hang::<AddEmail>("s04-add-email", frame)?;
    hall.hang::<AddNumber>("s04-add-number", frame)?;
    hall.hang::<TypeOwnCode>("s05-type-own-code", frame)?;
    hall.hang::<SecurityInfo>("s09-security-info", frame)?;
    hall.hang::<StillRight>("s10-still-right", frame)?;
    hall.hang::<SetUpDone>("s11-done", frame)?;
    hall.hang::<ChangePassword>("s30-change-password", frame)?;
    hall.hang::<ProofChoice>("proof-choice", frame)?;
    hall.hang::<ProofCode>("proof-code", frame)
}
