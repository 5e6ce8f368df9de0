//! The GPU against the CPU, on this machine: what `bench` measures.

// All of it.
pub(crate) mod report;

// Whole fits.
pub(crate) mod accuracy;
pub(crate) mod contender;
pub(crate) mod lineup;
pub(crate) mod made_data;
pub(crate) mod median;
pub(crate) mod progress_meter;
pub(crate) mod task;

// The GPU's stages, each alone.
pub(crate) mod device_clock;
pub(crate) mod device_peak;
pub(crate) mod double_work;
pub(crate) mod stage_work;
pub(crate) mod stages;

// The sizes from which on the GPU wins.
pub(crate) mod break_even;
