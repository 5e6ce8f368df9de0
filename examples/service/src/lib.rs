//! Ridge paths over HTTP: `POST /paths` takes rows and λs, and answers with the coefficients of every λ.
//!
//! What an application would take from here: one [`Ridge`] (and with it one GPU) for all requests, fits on threads that may block,
//! work that ends when its client goes away, and errors in the library's words.

mod document;
mod refusal;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use ridgepath::{Cancellation, Error, Ridge};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use document::Asked;
use refusal::Refusal;

/// What a client may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a request's body.
    pub body: usize,
    /// Coefficients of an answer: features × λs, of which a short body can ask for very many.
    pub coefficients: usize,
    /// Fits at the same time; each takes all cores. More are refused, and may come again.
    pub fits: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 16 << 20, coefficients: 4_000_000, fits: 4 }
    }
}

/// What all requests share. Clones are one.
#[derive(Clone)]
pub struct Service(Arc<Shared>);

struct Shared {
    ridge: Ridge,
    limits: Limits,
    /// A place for each fit that may be at work.
    places: Arc<Semaphore>,
    cancelled: AtomicUsize,
}

/// What the service is doing, as `GET /status` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Fits at work now.
    pub underway: usize,
    /// Fits that were ended because their clients had gone away.
    pub cancelled: usize,
}

impl Service {
    /// A service whose fits are made by clones of `ridge`, which share its GPU.
    #[must_use]
    pub fn new(ridge: Ridge, limits: Limits) -> Self {
        let places = Arc::new(Semaphore::new(limits.fits));
        Self(Arc::new(Shared { ridge, limits, places, cancelled: AtomicUsize::new(0) }))
    }

    /// What the service is doing.
    #[must_use]
    pub fn status(&self) -> Status {
        let underway = self.0.limits.fits - self.0.places.available_permits();
        Status { underway, cancelled: self.0.cancelled.load(Ordering::Relaxed) }
    }

    /// The paths that are served.
    pub fn router(self) -> Router {
        let body = DefaultBodyLimit::max(self.0.limits.body);
        Router::new().route("/paths", post(paths)).route("/status", get(status)).layer(body).with_state(self)
    }

    /// Fits, and writes the answer; on a thread that may block.
    fn answer(&self, asked: &Asked, cancellation: &Cancellation) -> Result<Vec<u8>, Refusal> {
        let rows = asked.rows(self.0.limits.coefficients)?;
        let ridge = self.0.ridge.clone().lambdas(asked.lambdas.as_slice()).cancellation(cancellation);
        let path = ridge.fit(rows.view()?, &asked.y).inspect_err(|error| {
            if matches!(error, Error::Cancelled) {
                self.0.cancelled.fetch_add(1, Ordering::Relaxed);
            }
        })?;
        document::written(&path)
    }
}

/// Serves until `end` is ready; then no request more is taken, and those underway are answered.
///
/// # Errors
/// Those of the listener.
pub async fn serve(
    listener: TcpListener,
    service: Service,
    end: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, service.router()).with_graceful_shutdown(end).await
}

/// Ends the work when it is dropped: with the future of its request, which the server drops when the connection is closed.
struct CancelledWhenDropped(Cancellation);

impl Drop for CancelledWhenDropped {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

async fn paths(State(service): State<Service>, asked: Result<Json<Asked>, JsonRejection>) -> Result<Response, Refusal> {
    let Json(asked) = asked?;
    let place = service.0.places.clone().try_acquire_owned();
    let place = place.map_err(|_| Refusal::busy(service.0.limits.fits))?;
    let cancellation = Cancellation::new();
    let _guard = CancelledWhenDropped(cancellation.clone());
    let fit = spawn_blocking(move || {
        // Held until the work has ended, also where nobody waits for it any more.
        let _place = place;
        service.answer(&asked, &cancellation)
    });
    let written = fit.await.map_err(|error| Refusal::broken(&error))??;
    Ok(([(CONTENT_TYPE, "application/json")], written).into_response())
}

async fn status(State(service): State<Service>) -> Json<Status> {
    Json(service.status())
}
