//! Who answered.

use ridgepath::RidgePath;
use serde::Serialize;

/// The backend that answered, and how, as JSON documents have it.
#[derive(Serialize)]
pub(crate) struct BackendEntry<'a> {
    name: String,
    adapter: Option<&'a str>,
    strategy: &'static str,
    precision: String,
    fallback: Option<String>,
}

impl<'a> BackendEntry<'a> {
    pub(crate) fn of(path: &'a RidgePath) -> Self {
        let used = path.backend();
        Self {
            name: used.name.to_string(),
            adapter: used.adapter.as_deref(),
            strategy: used.method(),
            precision: used.precision.to_string(),
            fallback: used.fallback(),
        }
    }

    /// Name, precision and strategy, for a table.
    pub(crate) fn cells(&self) -> [String; 3] {
        [&self.name, &self.precision, self.strategy].map(str::to_owned)
    }
}
