//! What was measured, as a JSON document.

use serde::Serialize;

use crate::bench::accuracy::Description;
use crate::bench::break_even::BreakEven;
use crate::bench::contender::Timing;
use crate::bench::stages::Stages;
use crate::machine::Machine;

#[derive(Serialize)]
pub(crate) struct Document<'a> {
    pub(crate) schema: &'static str,
    /// What must be known before any number is believed.
    pub(crate) warnings: Vec<String>,
    pub(crate) machine: Machine,
    /// `"made"`, or the file.
    pub(crate) data: String,
    pub(crate) rows: usize,
    pub(crate) features: usize,
    pub(crate) targets: usize,
    pub(crate) lambdas: usize,
    pub(crate) repeat: usize,
    /// Of forming the matrix, of features or of rows whichever is smaller, and factoring it for each λ.
    pub(crate) flops: f64,
    pub(crate) reference: Option<Timing<'a>>,
    /// Why there is no time of the reference; and so with the others.
    pub(crate) reference_reason: Option<String>,
    pub(crate) cpu: Option<Timing<'a>>,
    pub(crate) cpu_reason: Option<String>,
    pub(crate) gpu: Option<Timing<'a>>,
    pub(crate) gpu_reason: Option<String>,
    /// Of opening the GPU.
    pub(crate) gpu_open_seconds: Option<f64>,
    /// The CPU's time over the GPU's: the median of the rounds.
    pub(crate) speedup: Option<f64>,
    /// Of the GPU's coefficients from the CPU's, over all λ and targets: ‖w − w′‖ / ‖w′‖.
    pub(crate) largest_deviation: Option<f64>,
    /// What `deviation` and `digits` are measured against.
    pub(crate) accuracy: Description,
    pub(crate) gpu_stages: Option<Stages>,
    pub(crate) gpu_stages_reason: Option<String>,
    pub(crate) break_even: Option<BreakEven>,
    pub(crate) break_even_reason: Option<String>,
}

impl<'a> Document<'a> {
    /// Everyone who was timed.
    pub(crate) fn timings(&self) -> impl Iterator<Item = &Timing<'a>> {
        [&self.reference, &self.cpu, &self.gpu].into_iter().flatten()
    }
}
