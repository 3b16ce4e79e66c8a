//! Typing new passwords: S20, S22, S24, S30, and the live rules beside them.

use axum::http::StatusCode;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use keymend_domain::directory::{MustChange, RuleBroken};
use keymend_domain::flow::{Finish, View};
use keymend_domain::refusal::Refusal;
use keymend_domain::registration::Level;
use keymend_domain::secret::{Password, Secret};

use super::own::{Signed, signed};
use super::posted::Sent;
use crate::app::{FormStep, NewPassword, Stop, Written};
use crate::web::answer::{Answered, Desk};
use crate::web::cookie::Cookie;
use crate::web::form::Fields;
use crate::web::page::own_password::{ChangePassword, ChangeReason};
use crate::web::page::{ErrorLine, Note, RuleLists, RulesAnswer, Strength};

/// The connection ends with an answer to a form that carried a password, so that its buffers are
/// freed.
const CLOSE: (HeaderName, HeaderValue) = (header::CONNECTION, HeaderValue::from_static("close"));

/// What was typed, and a copy for saying how strong it was if it is refused.
fn typed(fields: &mut Fields) -> (NewPassword, Secret) {
    let was_shown = fields.take("shown") == "yes";
    let password = fields.take_secret("password");
    let kept = password.duplicate();
    let again = fields.take_secret("again");
    (NewPassword::new(password, again, was_shown), kept)
}

/// Where a refused password leads, saying how strong it was.
fn again_after(strength: Strength) -> &'static str {
    match strength {
        Strength::Weak => "/flow?strength=weak",
        Strength::Fair => "/flow?strength=fair",
        Strength::Good => "/flow?strength=good",
        Strength::Strong => "/flow?strength=strong",
    }
}

/// How strong a refused password was.
fn strength(typed: &Secret, broken: &[RuleBroken], organisation: &str) -> Strength {
    let is_known =
        |rule: &RuleBroken| matches!(rule, RuleBroken::Banned { .. } | RuleBroken::Leaked);
    if broken.iter().any(is_known) {
        return Strength::Weak;
    }
    Strength::of(typed.expose(), organisation)
}

/// `POST /flow/password`.
pub(super) async fn choose(desk: Desk, fields: Fields) -> Answered {
    let mut sent = Sent::in_flow(desk, fields, &["password", "again", "shown"]).await?;
    let (new, kept) = typed(sent.fields());
    let written = sent.app().choose_password(sent.step(), new, &sent.visitor);
    let written = written.await;
    if let Ok(written) = &written
        && let Some(Refusal::PasswordRejected(broken)) = &written.moved.refusal
    {
        // The next page is asked for anew and knows nothing of what was typed, so it is told.
        let desk = &sent.desk;
        let strength = strength(&kept, broken, &desk.web.site().organisation);
        let handle = written.moved.handle.as_ref();
        let cookie = handle.and_then(|handle| desk.set(Cookie::Flow, handle));
        return Ok(closing(desk.go(again_after(strength)).with(cookie).done()));
    }
    Ok(written_to(&sent, written))
}

/// `POST /flow/unlock`.
pub(super) async fn unlock(desk: Desk, fields: Fields) -> Answered {
    let sent = Sent::in_flow(desk, fields, &[]).await?;
    let written = sent.app().unlock(sent.step(), &sent.visitor).await;
    Ok(written_to(&sent, written))
}

fn written_to(sent: &Sent, written: Result<Written, Stop>) -> Response {
    match written {
        Ok(written) => closing(sent.moved(Ok(written.moved))),
        // Nothing was typed: the flow's own page asks again, and its form is still good.
        Err(Stop::Refused(Refusal::FormMissing)) => closing(sent.desk.go("/flow").done()),
        Err(stop) => closing(sent.moved(Err(stop))),
    }
}

fn closing(response: Response) -> Response {
    ([CLOSE], response).into_response()
}

/// `POST /flow/rules`: how the rules stand for what was typed so far.  Closed before all gates
/// are passed: it would be an oracle.
pub(super) async fn rules(desk: Desk, mut fields: Fields) -> Answered {
    desk.expects(&fields, &["password"])?;
    let token = fields.take("form_token");
    let kept = fields.take_secret("password");
    let password = Password::of_new(&kept).ok();
    let is_typed = password.is_some();
    let (web, seen) = (&desk.web, &desk.seen);
    let is_of = |handle: &str| web.tokens().check_step(&token, handle).is_ok();
    let lines = match (&seen.flow, &seen.me) {
        (Some(handle), _) if is_of(handle) => web.app().live_rules(handle, password).await,
        (_, Some(handle)) if is_of(handle) => web.app().own_rules(handle, password).await,
        _ => return Ok(desk.not_found()),
    };
    let Ok(lines) = lines else {
        return Ok(desk.not_found());
    };
    let lists = RuleLists::from(lines.as_slice());
    let reader = (seen.lang, web.site().organisation.as_str());
    let strength = is_typed.then(|| Strength::judged(kept.expose(), reader.1, &lists));
    let answer = RulesAnswer::new(web.renderer().texts(), reader, &lists, strength);
    Ok(match serde_json::to_vec(&answer) {
        Ok(json) => (
            [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
            json,
        )
            .into_response(),
        Err(_) => desk.not_found(),
    })
}

/// `GET /me/password`: S30, or S24 when the directory demands a new one.
pub(super) async fn show_change(desk: Desk) -> Answered {
    let signed = signed(&desk).await?;
    Ok(change_form(&desk, &signed, Again::default()).await)
}

/// What the form says when it is shown again.
#[derive(Default)]
struct Again {
    errors: Vec<ErrorLine>,
    rejected: Option<Note>,
    strength: Option<Strength>,
}

async fn change_form(desk: &Desk, signed: &Signed, again: Again) -> Response {
    let person = &signed.page.person;
    let lines = match desk.web.app().own_rules(&signed.handle, None).await {
        Ok(lines) => lines,
        Err(stop) => return desk.stop(stop),
    };
    let page = ChangePassword {
        login_name: person.account.login.clone(),
        why: match person.level {
            Level::Full => ChangeReason::Wanted,
            Level::MustChange(MustChange::Expired) => ChangeReason::Expired,
            Level::MustChange(MustChange::Demanded) => ChangeReason::MustChange,
        },
        rules: lines.as_slice().into(),
        rejected: again.rejected,
        strength: again.strength,
    };
    let status = match again.errors.is_empty() && page.rejected.is_none() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let frame = Desk::with_errors(signed.frame(desk, "/me/password"), again.errors);
    desk.page(status, &frame, &page).done()
}

/// `POST /me/password`.
pub(super) async fn change(desk: Desk, mut fields: Fields) -> Answered {
    desk.expects(&fields, &["current", "password", "again", "shown"])?;
    let signed = signed(&desk).await?;
    let token = fields.take("form_token");
    let Ok(step) = desk.web.tokens().check_step(&token, &signed.handle) else {
        return Ok(desk.go("/me/password").done());
    };
    let current = fields.take_secret("current");
    let (new, kept) = typed(&mut fields);
    let is_current_missing = current.expose().is_empty();
    if is_current_missing || new.is_empty() {
        let field = match is_current_missing {
            true => "current",
            false => "password",
        };
        let again = Again {
            errors: desk.lines(&Refusal::FormMissing, Some(field)),
            ..Again::default()
        };
        return Ok(closing(change_form(&desk, &signed, again).await));
    }
    let visitor = desk.visitor().await?;
    let form = FormStep {
        handle: signed.handle.clone(),
        step,
    };
    let passwords = (current, new);
    let changed = desk
        .web
        .app()
        .change_password((form, signed.page.person), passwords, &visitor)
        .await;
    Ok(closing(changed_to(&desk, changed, &kept).await))
}

async fn changed_to(desk: &Desk, changed: Result<Written, Stop>, kept: &Secret) -> Response {
    let written = match changed {
        Ok(written) => written,
        Err(Stop::Refused(Refusal::DirectoryDown { directory })) => {
            return desk.refused_within(&Refusal::DirectoryDown { directory });
        }
        Err(Stop::Refused(refusal)) => return show_refusal(desk, &refusal, kept).await,
        Err(stop) => return desk.stop(stop),
    };
    if let Some(refusal) = &written.moved.refusal {
        return show_refusal(desk, refusal, kept).await;
    }
    let Some(handle) = written.moved.handle else {
        return desk.go("/me/password").done();
    };
    if let Some(refusal) = written.view.as_ref().and_then(mendable) {
        return show_refusal(desk, &refusal, kept).await;
    }
    desk.go("/flow")
        .with(desk.set(Cookie::Flow, &handle))
        .done()
}

/// What the directory said that the same form can mend.
fn mendable(view: &View) -> Option<Refusal> {
    match view {
        View::Finished {
            finish: Finish::ChangeRefused(broken),
            ..
        } => Some(Refusal::PasswordRejected(broken.clone())),
        View::Finished {
            finish: Finish::ChangeWrongCurrent,
            ..
        } => Some(Refusal::PasswordOld),
        _ => None,
    }
}

async fn show_refusal(desk: &Desk, refusal: &Refusal, kept: &Secret) -> Response {
    // Read again: the form that was sent has used its step up.
    let signed = match signed(desk).await {
        Ok(signed) => signed,
        Err(halt) => return halt.into_response(),
    };
    let mut errors = desk.lines(refusal, Some("password"));
    let (mut rejected, mut estimate) = (None, None);
    if let Refusal::PasswordRejected(broken) = refusal {
        estimate = Some(strength(kept, broken, &desk.web.site().organisation));
        rejected = young(desk, &signed, broken).or_else(|| desk.directory_note(broken));
        if let Some(note) = &rejected {
            errors.retain(|line| line.refusal_id != note.refusal_id);
        }
    }
    let again = Again {
        errors,
        rejected,
        strength: estimate,
    };
    change_form(desk, &signed, again).await
}

fn young(desk: &Desk, signed: &Signed, broken: &[RuleBroken]) -> Option<Note> {
    let state = &signed.page.person.account.state;
    broken.iter().find_map(|rule| match rule {
        RuleBroken::Young { from: Some(from) } => {
            Some(desk.young_note(*from, state.password_changed_at))
        }
        _ => None,
    })
}
