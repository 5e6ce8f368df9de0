//! Every kernel, a line each.

use crate::gpu::kernel::Spec;
use crate::gpu::stages::{
    centre, coefficients, correct, equations, factor, frame, gram, product, report, residual, residues, solve,
};

/// The shaders of all stages.
pub const SPECS: [&Spec; 13] = [
    &centre::SPEC,
    &frame::SPEC,
    &frame::DOUBLE,
    &gram::SPEC,
    &product::SPEC,
    &residues::SPEC,
    &equations::SPEC,
    &factor::SPEC,
    &solve::SPEC,
    &correct::SPEC,
    &residual::SPEC,
    &coefficients::SPEC,
    &report::SPEC,
];
