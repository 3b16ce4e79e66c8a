//! One line in the log for each request: which route, what came of it, and how long it took.
//!
//! The route is written as its pattern, never as the path that was asked for: paths hold tokens,
//! and queries hold names.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

/// The reference of a request, as the guard drew it; it stands on error pages too.
#[derive(Debug, Clone)]
pub(super) struct RequestId(pub String);

/// Logs a request after it was answered.
pub(super) async fn record(request: Request, next: Next) -> Response {
    if !tracing::enabled!(tracing::Level::INFO) {
        return next.run(request).await;
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a request took is about real time"
    )]
    let began = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let id = response.extensions().get::<RequestId>();
    tracing::info!(
        %method,
        route = route.as_ref().map_or("-", MatchedPath::as_str),
        status = response.status().as_u16(),
        took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        request.id = id.map_or("-", |id| id.0.as_str()),
        "request"
    );
    response
}
