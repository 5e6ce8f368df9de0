//! What follows from a path: how certain its coefficients are (`inference`), λ by the norm that it leaves (`norms`), a backend held
//! against the reference (`validate`), and one model kept in a file (`linear_model`, `category`).

pub(crate) mod category;
pub(crate) mod inference;
pub(crate) mod linear_model;
pub(crate) mod norms;
pub(crate) mod validate;
