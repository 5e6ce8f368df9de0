//! Every kernel, a line each.

use crate::gpu::kernel::Spec;
use crate::gpu::stages::{factor, gram, product, residues, solve};

/// The shaders of all stages.
pub const SPECS: [&Spec; 5] = [&gram::SPEC, &product::SPEC, &residues::SPEC, &factor::SPEC, &solve::SPEC];
