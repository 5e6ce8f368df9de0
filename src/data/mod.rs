//! The rows: borrowed, checked, read by blocks, and how their columns are centred and scaled.

pub(crate) mod batch;
mod block;
mod copy;
mod extent;
mod frame;
pub(crate) mod framed;
pub(crate) mod gathered;
pub(crate) mod groups;
mod joined;
pub(crate) mod problem;
pub(crate) mod rows;
pub(crate) mod stream;
pub(crate) mod target_patterns;
pub(crate) mod view;
pub(crate) mod windows;
