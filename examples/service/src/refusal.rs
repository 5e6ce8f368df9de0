//! Why there is no answer, as status and words.

use std::fmt::Display;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ridgepath::Error;
use serde_json::json;

/// A status with its reason, which goes out as `{"error": …}`.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    words: String,
}

impl Refusal {
    fn new(status: StatusCode, words: impl Display) -> Self {
        Self { status, words: words.to_string() }
    }

    /// What was asked cannot be answered.
    pub(crate) fn wrong(words: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, words)
    }

    /// As many fits are at work as may be.
    pub(crate) fn busy(fits: usize) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{fits} fits are at work, and no more may be; ask again later"),
        )
    }

    /// A fault of this service.
    pub(crate) fn broken(error: &impl Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error)
    }
}

/// What the device or the memory cannot do now, another time may; everything else is wrong with the request.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error.is_device() || matches!(error, Error::Memory { .. } | Error::Cancelled) {
            true => Self::new(StatusCode::SERVICE_UNAVAILABLE, error),
            false => Self::wrong(error),
        }
    }
}

/// A body that is too long, or no JSON of the kind that is wanted.
impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        let status = match rejection.status() {
            StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            other => other,
        };
        Self::new(status, rejection.body_text())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.words }))).into_response()
    }
}
