//! What corrections need on the device that stay there: buffers in 64-bit floats.

use crate::plan::gpu::cost;
use crate::plan::gpu::schedule::{self, PRODUCT_TILE as TILE};

/// Bytes, and how many matrices they allow.
#[derive(Debug)]
pub(super) struct Corrections {
    /// Bytes of the vectors, products and partial sums of one tile of columns, which need not be full.
    pub(super) shared: u128,
    /// Bytes of a problem: G and c.
    pub(super) problem: u128,
    /// Bytes that the λs of one problem need at a time, each: vectors, products and partial sums by tiles of columns.
    pub(super) each: u128,
    /// Bytes of any matrix: the weights and what is kept of right-hand sides, here and staged, and what tells it from others.
    pub(super) matrix: u128,
    /// Matrices that one binding allows.
    pub(super) most: u128,
    /// Floating-point operations in double precision of a matrix.
    pub(super) flops: u128,
    /// Bytes that come back of a matrix after each correction.
    pub(super) sums: u128,
    /// Bytes of its weights.
    pub(super) weights: u128,
}

impl Corrections {
    /// `None` where a binding of so many bytes does not hold them.
    pub(super) fn new([n, t, k]: [u128; 3], binding: u128) -> Option<Self> {
        let [order, targets] = [n, t].map(|size| usize::try_from(size).unwrap_or(usize::MAX));
        let bytes = schedule::symmetric_elements(order, TILE).map(|count| 8 * count as u128);
        let [gram, vectors, partials] = bytes;
        let (cross, scales, weights) = (8 * (t + 1) * n, 8 * n, 8 * t * n);
        let sums = 8 * 4 * (t + 1).div_ceil(4) * schedule::SUMS as u128;
        let largest = [gram, 2 * vectors, 2 * partials, cross, weights, sums].into_iter().max()?;
        if largest > binding {
            return None;
        }
        let tiles = |bytes: u128| (t * bytes).div_ceil(TILE as u128);
        let left = |bytes: u128| (binding - bytes) / tiles(bytes);
        let fit = left(vectors).min(left(partials));
        let most = binding / weights.max(sums).max(scales);
        Some(Self {
            shared: 2 * vectors + partials,
            problem: gram + cross,
            each: 2 * tiles(vectors) + tiles(partials),
            matrix: 2 * (weights + sums + scales) + 4,
            most: if k <= fit { most } else { most.min(fit) },
            flops: u128::from(cost::corrected(order, targets, TILE).flops) / TILE as u128,
            sums,
            weights,
        })
    }
}
