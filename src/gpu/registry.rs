//! Every kernel, a line each.

use crate::gpu::kernel::Spec;
use crate::gpu::stages::{correct, factor, frame, gram, product, residual, residues, solve};

/// The shaders of all stages.
pub const SPECS: [&Spec; 9] = [
    &frame::SPEC,
    &frame::DOUBLE,
    &gram::SPEC,
    &product::SPEC,
    &residues::SPEC,
    &factor::SPEC,
    &solve::SPEC,
    &correct::SPEC,
    &residual::SPEC,
];
