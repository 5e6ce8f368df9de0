//! What follows from a path: how certain its coefficients are (`inference`), λ by the norm that it leaves (`norms`), a backend held
//! against the reference (`validate`), and one model kept in a file (`linear_model`, `category`), or in linfa's terms (`linfa`).

pub(crate) mod category;
pub(crate) mod inference;
pub(crate) mod linear_model;
#[cfg(all(feature = "linfa", not(target_arch = "wasm32")))]
pub(crate) mod linfa;
pub(crate) mod norms;
pub(crate) mod validate;
