//! Every kernel, a line each.

use crate::gpu::kernel::Spec;
use crate::gpu::stages::{factor, gram, product, solve};

/// The shaders of all stages.
pub const SPECS: [&Spec; 4] = [&gram::SPEC, &product::SPEC, &factor::SPEC, &solve::SPEC];
