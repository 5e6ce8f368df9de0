//! What the kernels do for a shape, counted: the tiles and panels that they cut it into.

/// Columns of a panel of L.
pub(crate) const PANEL: usize = 64;

/// Rows and columns of a tile of the Gram matrix: 64 where that holds all features, else 128.
pub(crate) fn tile(n: usize) -> usize {
    if n <= 64 { 64 } else { 128 }
}

/// Panels of L.
pub(crate) fn panels(n: usize) -> usize {
    n.div_ceil(PANEL)
}

/// Quads from one column of a matrix to the next.
pub(crate) fn stride(n: usize) -> usize {
    n.div_ceil(4)
}

/// Rows and columns of the inverse of a diagonal block.
pub(crate) fn width(n: usize) -> usize {
    n.next_multiple_of(4).min(PANEL)
}

/// Of the square in shared memory that holds a diagonal block; 64 / side of them share a workgroup.
pub(crate) fn side(n: usize) -> usize {
    n.next_power_of_two().clamp(16, PANEL)
}

/// Elements that the inverses of the diagonal blocks of one matrix take.
pub(crate) fn inverse_elements(n: usize) -> usize {
    panels(n) * width(n) * width(n)
}

/// Elements that L below its diagonal blocks takes.
pub(crate) fn lower_elements(n: usize) -> usize {
    PANEL * (panels(n) - 1) * 4 * stride(n)
}
