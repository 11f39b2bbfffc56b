//! The routes.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::{Shared, connections::Lease, history, memory, metrics};

/// `/metrics`, `/healthz`, `/readyz`, `/api/v1/node` and `/api/v1/events`.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/metrics", get(scrape))
        // Alive as long as it answers: a node whose interfaces are all gone must not be restarted in a loop.
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/api/v1/node", get(node))
        .route("/api/v1/events", get(events))
        .with_state(shared)
}

async fn node(State(shared): State<Arc<Shared>>) -> Response {
    shared.refresh().await;
    let report = shared.report();
    let answer = Json(&report).into_response();
    drop(report);
    memory::give_back();
    answer
}

async fn events(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    lease: Option<Extension<Lease>>,
) -> Response {
    let lease = lease.map(|Extension(lease)| lease);
    history::answer(shared.history(), query.as_deref().unwrap_or_default(), lease.as_ref())
}

async fn scrape(State(shared): State<Arc<Shared>>) -> Response {
    shared.refresh().await;
    let text = metrics::encode(&shared);
    memory::give_back();
    match text {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

/// Ready once the programs are on every interface that the rules choose, and it is known for which LB IPs.
async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    let observer = shared.observer();
    let missing = observer.unattached();
    let text = if !missing.is_empty() {
        format!("not attached to {}\n", missing.join(", "))
    } else if !shared.is_listed() {
        "the list of Services is not complete yet\n".to_owned()
    } else {
        return "ok\n".into_response();
    };
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}
