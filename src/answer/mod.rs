//! The path: what the user holds, how it is written and what it says.

pub(crate) mod columns;
pub(crate) mod describe;
#[cfg(feature = "serde")]
mod document;
pub(crate) mod entry;
mod explain;
#[cfg(feature = "serde")]
mod numbers;
pub(crate) mod path;
pub(crate) mod paths;
pub(crate) mod prediction;
pub(crate) mod rss;
