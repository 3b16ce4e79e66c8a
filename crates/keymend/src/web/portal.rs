//! The person's pages: which address leads to which deed.

mod flow;
mod help;
mod own;
mod password;
mod posted;
mod proof;
mod register;
mod reset;
mod sign_in;

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{self, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::Web;
use super::answer::{Desk, plain};
use super::asset::asset;

/// Every route, as (method, path): the tables of the tests are made from it, and a test proves
/// that nothing else is served.
pub const ROUTES: &[(&str, &str)] = &[
    ("GET", "/"),
    ("GET", "/signin"),
    ("POST", "/signin"),
    ("POST", "/signout"),
    ("GET", "/reset"),
    ("POST", "/reset"),
    ("GET", "/reset/wait"),
    ("GET", "/unlock"),
    ("GET", "/forgot"),
    ("GET", "/flow"),
    ("POST", "/flow/intent"),
    ("POST", "/flow/method"),
    ("POST", "/flow/challenge"),
    ("POST", "/flow/resend"),
    ("POST", "/flow/prove"),
    ("POST", "/flow/other"),
    ("POST", "/flow/password"),
    ("POST", "/flow/rules"),
    ("POST", "/flow/unlock"),
    ("POST", "/flow/reset-instead"),
    ("POST", "/flow/unlock-instead"),
    ("POST", "/flow/more-time"),
    ("POST", "/flow/cancel"),
    ("GET", "/help"),
    ("POST", "/help"),
    ("GET", "/me"),
    ("GET", "/register"),
    ("POST", "/register/skip"),
    ("POST", "/register/confirm"),
    ("GET", "/me/add"),
    ("GET", "/me/add/email"),
    ("GET", "/me/add/text"),
    ("POST", "/me/add"),
    ("GET", "/me/code"),
    ("POST", "/me/code"),
    ("POST", "/me/code/resend"),
    ("POST", "/me/remove"),
    ("GET", "/me/proof"),
    ("POST", "/me/proof/method"),
    ("POST", "/me/proof"),
    ("GET", "/me/done"),
    ("GET", "/me/password"),
    ("POST", "/me/password"),
    ("GET", "/me/export"),
    ("GET", "/not-me/{token}"),
    ("POST", "/not-me/{token}"),
    ("GET", "/outbox"),
    ("GET", "/.well-known/change-password"),
    ("GET", "/human/picture/{file}"),
    ("GET", "/human/sound/{file}"),
    ("GET", "/assets/{file}"),
    ("GET", "/health"),
];

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/", get(sign_in::show))
        .route("/signin", get(sign_in::show).post(sign_in::sign_in))
        .route("/signout", post(sign_in::sign_out))
        .route("/reset", get(reset::show).post(reset::start))
        .route("/reset/wait", get(reset::wait))
        .route("/unlock", get(to_reset))
        .route("/forgot", get(to_reset))
        .merge(flow_routes())
        .merge(own_routes())
        .route("/help", get(help::show).post(help::ask))
        .route("/not-me/{token}", get(help::show_not_me).post(help::not_me))
        .route("/outbox", get(help::outbox))
        .route("/.well-known/change-password", get(to_change))
        .route("/human/picture/{file}", get(reset::picture))
        .route("/human/sound/{file}", get(reset::sound))
        .route("/assets/{file}", get(file))
        .route("/health", get(health))
        .fallback(nothing)
        .method_not_allowed_fallback(not_allowed)
}

fn flow_routes() -> Router<Web> {
    Router::new()
        .route("/flow", get(flow::show))
        .route("/flow/intent", post(flow::intent))
        .route("/flow/method", post(flow::method))
        .route("/flow/challenge", post(flow::challenge))
        .route("/flow/resend", post(flow::resend))
        .route("/flow/prove", post(flow::prove))
        .route("/flow/other", post(flow::other))
        .route("/flow/password", post(password::choose))
        .route("/flow/rules", post(password::rules))
        .route("/flow/unlock", post(password::unlock))
        .route("/flow/reset-instead", post(flow::reset_instead))
        .route("/flow/unlock-instead", post(flow::unlock_instead))
        .route("/flow/more-time", post(flow::more_time))
        .route("/flow/cancel", post(flow::cancel))
}

fn own_routes() -> Router<Web> {
    Router::new()
        .route("/me", get(own::show))
        .route("/me/export", get(own::export))
        .route("/me/remove", post(own::remove))
        .route("/register", get(register::show))
        .route("/register/skip", post(register::skip))
        .route("/register/confirm", post(register::confirm))
        .route("/me/add", get(register::choose).post(register::add))
        .route("/me/add/email", get(register::email))
        .route("/me/add/text", get(register::text))
        .route("/me/code", get(register::code).post(register::answer))
        .route("/me/code/resend", post(register::again))
        .route("/me/done", get(register::done))
        .route("/me/proof", get(proof::show).post(proof::answer))
        .route("/me/proof/method", post(proof::ask))
        .route(
            "/me/password",
            get(password::show_change).post(password::change),
        )
}

/// Old addresses of the first form; a name in the link is kept.
async fn to_reset(desk: Desk, RawQuery(query): RawQuery) -> Response {
    let user = query.as_deref().and_then(reset::typed_name);
    desk.go_naming("/reset", &user.unwrap_or_default()).done()
}

async fn to_change(desk: Desk) -> Response {
    desk.go("/me/password").done()
}

async fn file(Path(file): Path<String>) -> Response {
    let Some(asset) = asset(&file) else {
        return plain(StatusCode::NOT_FOUND, "Not found");
    };
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(asset.media_type),
        ),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ),
    ];
    (headers, asset.bytes).into_response()
}

/// For load balancers: whether the service answers and its store can be read.
async fn health(State(web): State<Web>) -> Response {
    match web.app().refresh_policy().await {
        Ok(()) => plain(StatusCode::OK, "ok"),
        Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "store"),
    }
}

async fn nothing(desk: Desk) -> Response {
    desk.not_found()
}

async fn not_allowed(method: Method) -> Response {
    tracing::debug!(%method, "a method no route has");
    plain(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed")
}
