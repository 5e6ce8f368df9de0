//! What follows from a path.

pub(crate) mod inference;
pub(crate) mod linear_model;
pub(crate) mod norms;
pub(crate) mod validate;
