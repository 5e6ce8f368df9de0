//! Arithmetic that knows nothing of regressions.

pub(crate) mod complete_orthogonal;
pub(crate) mod condition;
pub mod eigen;
pub(crate) mod extended;
pub(crate) mod few_columns;
pub(crate) mod householder;
pub(crate) mod lanes;
pub(crate) mod memory;
pub(crate) mod pair;
pub(crate) mod powers;
pub(crate) mod product;
pub(crate) mod qr;
pub(crate) mod random;
pub(crate) mod residues;
pub(crate) mod resolvent;
pub(crate) mod scalar;
pub(crate) mod svd;
pub(crate) mod threads;
pub(crate) mod tridiagonal;
