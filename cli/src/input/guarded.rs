//! Readers of formats that panic at damaged files.

use std::cell::Cell;
use std::fmt::Display;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::machine::failure::{Failure, Result};

thread_local! {
    /// Whether what panics on this thread is caught, and told in words.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// What a reader gives, or its failure in its words, which may have several lines. Readers of Parquet and Arrow panic at some damaged
/// files, and are not asked again then.
pub(crate) fn guarded<T, E: Display>(
    name: &str,
    kind: &str,
    read: impl FnOnce() -> std::result::Result<T, E>,
) -> Result<T> {
    // The hook would write to standard error what is said below.
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |what| {
            if !GUARDED.get() {
                hook(what);
            }
        }));
    });
    GUARDED.set(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(false);
    let words = match outcome {
        Ok(Ok(read)) => return Ok(read),
        Ok(Err(error)) => error.to_string(),
        Err(payload) => match (payload.downcast_ref::<String>(), payload.downcast_ref::<&str>()) {
            (Some(words), _) => words.clone(),
            (_, Some(words)) => (*words).to_owned(),
            _ => "it is damaged".into(),
        },
    };
    let words: Vec<&str> = words.lines().map(str::trim).collect();
    Err(Failure::Input(format!("cannot read {name} as {kind}: {}", words.join(" "))))
}
