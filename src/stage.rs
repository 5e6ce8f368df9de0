//! Stages of the work as spans of the crate `tracing`, with the feature of its name; nothing at all without it.

/// A span, with fields, until the block ends, which does not wait for a device.
#[cfg(feature = "tracing")]
macro_rules! stage {
    ($name:literal $(, $($fields:tt)*)?) => {
        let _span = tracing::debug_span!($name $(, $($fields)*)?).entered();
    };
}

/// A future, in a span with fields.
#[cfg(feature = "tracing")]
macro_rules! in_stage {
    ($future:expr, $name:literal, $($fields:tt)*) => {
        tracing::Instrument::instrument($future, tracing::debug_span!($name, $($fields)*))
    };
}

/// An event, with fields and words.
#[cfg(feature = "tracing")]
macro_rules! tell {
    ($($fields:tt)*) => {
        tracing::debug!($($fields)*)
    };
}

#[cfg(not(feature = "tracing"))]
macro_rules! stage {
    ($($fields:tt)*) => {};
}

#[cfg(not(feature = "tracing"))]
macro_rules! in_stage {
    ($future:expr, $($fields:tt)*) => {
        $future
    };
}

#[cfg(not(feature = "tracing"))]
macro_rules! tell {
    ($($fields:tt)*) => {};
}
