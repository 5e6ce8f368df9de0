//! What the kernels do for a shape, counted: the tiles they cut it into.

/// Rows and columns of a tile of the Gram matrix: 64 where that holds all features, else 128.
pub(crate) fn tile(features: usize) -> usize {
    if features <= 64 { 64 } else { 128 }
}
