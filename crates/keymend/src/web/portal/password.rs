//! Typing new passwords: S20, S22, S24, S30, and the live rules beside them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use keymend_domain::directory::{MustChange, RuleBroken};
use keymend_domain::flow::{Finish, View};
use keymend_domain::refusal::Refusal;
use keymend_domain::registration::Level;
use keymend_domain::secret::Password;

use super::flow::{Sent, sent};
use super::own::{Signed, signed};
use crate::app::{FormStep, NewPassword, Stop, Written};
use crate::web::Web;
use crate::web::answer::{Desk, plain};
use crate::web::cookie::Cookie;
use crate::web::form::Fields;
use crate::web::guard::Look;
use crate::web::page::own_password::{ChangePassword, ChangeReason};
use crate::web::page::{ErrorLine, Note, RuleLists, RulesAnswer};

/// The connection ends with an answer to a form that carried a password, so that its buffers are
/// freed.
const CLOSE: (HeaderName, HeaderValue) = (header::CONNECTION, HeaderValue::from_static("close"));

fn typed(fields: &mut Fields) -> NewPassword {
    let was_shown = fields.take("shown") == "yes";
    let password = fields.take_secret("password");
    NewPassword::new(password, fields.take_secret("again"), was_shown)
}

/// `POST /flow/password`.
pub(super) async fn choose(State(web): State<Web>, Look(seen): Look, fields: Fields) -> Response {
    let mut sent = match sent(&web, &seen, fields, &["password", "again", "shown"]) {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    let new = typed(&mut sent.fields);
    let visitor = match sent.desk.visitor().await {
        Ok(visitor) => visitor,
        Err(stop) => return sent.desk.stop(stop),
    };
    let written = web
        .app()
        .choose_password(sent.form.clone(), new, &visitor)
        .await;
    written_to(&sent, written)
}

/// `POST /flow/unlock`.
pub(super) async fn unlock(State(web): State<Web>, Look(seen): Look, fields: Fields) -> Response {
    let sent = match sent(&web, &seen, fields, &[]) {
        Ok(sent) => sent,
        Err(response) => return *response,
    };
    let visitor = match sent.desk.visitor().await {
        Ok(visitor) => visitor,
        Err(stop) => return sent.desk.stop(stop),
    };
    let written = web.app().unlock(sent.form.clone(), &visitor).await;
    written_to(&sent, written)
}

fn written_to(sent: &Sent<'_>, written: Result<Written, Stop>) -> Response {
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
pub(super) async fn rules(
    State(web): State<Web>,
    Look(seen): Look,
    mut fields: Fields,
) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    if !fields.fits(&["password"]) {
        return plain(StatusCode::BAD_REQUEST, "Bad request");
    }
    let token = fields.take("form_token");
    let password = Password::of_new(&fields.take_secret("password")).ok();
    let is_of = |handle: &str| web.tokens().check_step(&token, handle).is_ok();
    let lines = match (&seen.flow, &seen.me) {
        (Some(handle), _) if is_of(handle) => web.app().live_rules(handle, password).await,
        (_, Some(handle)) if is_of(handle) => web.app().own_rules(handle, password).await,
        _ => return desk.not_found(),
    };
    let Ok(lines) = lines else {
        return desk.not_found();
    };
    let lists = RuleLists::from(lines.as_slice());
    let reader = (seen.lang, web.site().organisation.as_str());
    let answer = RulesAnswer::new(web.renderer().texts(), reader, &lists, None);
    match serde_json::to_vec(&answer) {
        Ok(json) => (
            [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
            json,
        )
            .into_response(),
        Err(_) => desk.not_found(),
    }
}

/// `GET /me/password`: S30, or S24 when the directory demands a new one.
pub(super) async fn show_change(State(web): State<Web>, Look(seen): Look) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    match signed(&desk).await {
        Ok(signed) => change_form(&desk, &signed, Again::default()).await,
        Err(response) => *response,
    }
}

/// What the form says when it is shown again.
#[derive(Default)]
struct Again {
    errors: Vec<ErrorLine>,
    rejected: Option<Note>,
}

async fn change_form(desk: &Desk<'_>, signed: &Signed, again: Again) -> Response {
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
        strength: None,
    };
    let status = match again.errors.is_empty() && page.rejected.is_none() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let frame = Desk::with_errors(signed.frame(desk, "/me/password"), again.errors);
    desk.page(status, &frame, &page).done()
}

/// `POST /me/password`.
pub(super) async fn change(
    State(web): State<Web>,
    Look(seen): Look,
    mut fields: Fields,
) -> Response {
    let desk = Desk {
        web: &web,
        seen: &seen,
    };
    if !fields.fits(&["current", "password", "again", "shown"]) {
        return plain(StatusCode::BAD_REQUEST, "Bad request");
    }
    let signed = match signed(&desk).await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    let token = fields.take("form_token");
    let Ok(step) = web.tokens().check_step(&token, &signed.handle) else {
        return desk.go("/me/password").done();
    };
    let current = fields.take_secret("current");
    let new = typed(&mut fields);
    let is_current_missing = current.expose().is_empty();
    if is_current_missing || new.is_empty() {
        let field = if is_current_missing {
            "current"
        } else {
            "password"
        };
        let errors = desk.lines(&Refusal::FormMissing, Some(field));
        return closing(
            change_form(
                &desk,
                &signed,
                Again {
                    errors,
                    rejected: None,
                },
            )
            .await,
        );
    }
    let visitor = match desk.visitor().await {
        Ok(visitor) => visitor,
        Err(stop) => return desk.stop(stop),
    };
    let form = FormStep {
        handle: signed.handle.clone(),
        step,
    };
    let changed = web
        .app()
        .change_password(form, (current, new), &visitor)
        .await;
    closing(changed_to(&desk, changed).await)
}

async fn changed_to(desk: &Desk<'_>, changed: Result<Written, Stop>) -> Response {
    let written = match changed {
        Ok(written) => written,
        Err(Stop::Refused(Refusal::DirectoryDown { directory })) => {
            return desk.refused(&Refusal::DirectoryDown { directory });
        }
        Err(Stop::Refused(refusal)) => return show_refusal(desk, &refusal).await,
        Err(stop) => return desk.stop(stop),
    };
    if let Some(refusal) = &written.moved.refusal {
        return show_refusal(desk, refusal).await;
    }
    let Some(handle) = written.moved.handle else {
        return desk.go("/me/password").done();
    };
    if written.is_settled
        && let Ok(page) = desk.web.app().view(&handle).await
        && let Some(refusal) = mendable(&page.view)
    {
        return show_refusal(desk, &refusal).await;
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

async fn show_refusal(desk: &Desk<'_>, refusal: &Refusal) -> Response {
    // Read again: the form that was sent has used its step up.
    let signed = match signed(desk).await {
        Ok(signed) => signed,
        Err(response) => return *response,
    };
    let mut errors = desk.lines(refusal, Some("password"));
    let mut rejected = None;
    if let Refusal::PasswordRejected(broken) = refusal {
        rejected = young(desk, &signed, broken).or_else(|| desk.directory_note(broken));
        if let Some(note) = &rejected {
            errors.retain(|line| line.refusal_id != note.refusal_id);
        }
    }
    change_form(desk, &signed, Again { errors, rejected }).await
}

fn young(desk: &Desk<'_>, signed: &Signed, broken: &[RuleBroken]) -> Option<Note> {
    let state = &signed.page.person.account.state;
    broken.iter().find_map(|rule| match rule {
        RuleBroken::Young { from: Some(from) } => {
            Some(desk.young_note(*from, state.password_changed_at))
        }
        _ => None,
    })
}
