//! The rows: borrowed, checked, and how their columns are centred and scaled.

pub(crate) mod frame;
pub(crate) mod problem;
pub(crate) mod view;
