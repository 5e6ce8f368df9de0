//! Every kernel, a line each.

use crate::gpu::kernel::Spec;
use crate::gpu::stages::{correct, factor, frame, gram, product, residual, solve};

/// The shaders of all stages.
pub const SPECS: [&Spec; 8] = [
    &frame::SPEC,
    &frame::DOUBLE,
    &gram::SPEC,
    &product::SPEC,
    &factor::SPEC,
    &solve::SPEC,
    &correct::SPEC,
    &residual::SPEC,
];
