//! What a planned task takes on a GPU, counted and timed by the device's rates.

use std::fmt;

use crate::model::method::{Form, Precision, Strategy};
use crate::plan::{DeviceRates, GpuPlan, Plan, Shape};

/// Corrections that a matrix takes, most often; after the last its residual is measured once more.
const CORRECTIONS: usize = 3;
/// Targets whose residuals are measured together where there are many.
const TOGETHER: f64 = 8.0;

/// What is done on the device and on the host, what goes between them, and about how long each part takes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Estimate {
    /// Matrices that are factored.
    pub factorizations: u64,
    /// Chunks of matrices.
    pub chunks: u64,
    /// Dispatches that factor and solve once.
    pub factor_dispatches: u64,
    /// All dispatches.
    pub dispatches: u64,
    /// Bytes from the host to the device,
    pub bytes_up: u64,
    /// and back.
    pub bytes_down: u64,
    /// Floating-point operations on the device,
    pub device_flops: f64,
    /// and on the host.
    pub host_flops: f64,
    /// Seconds of each part.
    pub seconds: Seconds,
}

/// Seconds of the parts of a task.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Seconds {
    /// Rows on their way to the device, beside which they are summed.
    pub upload: f64,
    /// The Gram matrix, wherever it is summed.
    pub gram: f64,
    /// Factorizations and first solutions.
    pub factor: f64,
    /// Corrections: substitutions, and residuals on the device.
    pub correct: f64,
    /// Residuals on the host, sums of nodes, the coefficients of the dual form, and the measuring of every λ.
    pub host: f64,
    /// Waits for the device, and what comes back.
    pub transfer: f64,
    /// All: the upload and the sums of rows side by side, the others one after the other.
    pub total: f64,
}

impl Plan {
    /// What this plan takes on a device of these rates; `None` where no GPU is planned.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub fn estimate(&self, device: &DeviceRates) -> Option<Estimate> {
        let gpu = self.gpu.as_ref()?;
        let Shape { rows, features, targets, penalties, problems } = self.shape;
        let [m, n, t, k, p] = [rows, features, targets, penalties, problems].map(|size| size as f64);
        let order = self.shape.order(self.form) as f64;
        let rates = &self.request.rates;
        let on_host = |flops: f64| flops / (rates.product * rates.cores as f64);
        let corrected = self.precision == Precision::Double;
        let corrections = if corrected { CORRECTIONS } else { 2 }; // which tell the condition number

        let gram = gram(gpu, device);
        let of_rows = match self.form {
            Form::Primal => m * n * (n + t),
            Form::Dual => n * m * m,
        };
        let host_gram = if gpu.gram.is_some() { 0.0 } else { p * of_rows };
        let (factor, correction) = (gpu.factor, gpu.correction.times(corrections));
        let matrices = gpu.matrices as f64;
        let product = gpu.product.map(|cost| cost.times(corrections + 1));
        let one_residual = 2.0 * matrices * order * order * t;
        let host_residuals = match product {
            None if corrected => one_residual * (corrections + 1) as f64,
            _ => 0.0,
        };
        // Every λ a sum of the nodes' answers, and measured, or measured alone.
        let sums = match self.strategy {
            Strategy::Nodes => 2.0 * matrices * k * order * t,
            _ => 0.0,
        };
        let coefficients = match self.form {
            Form::Primal => 0.0,
            Form::Dual => p * self.shape.sizes(self.form).flops_of_coefficients(self.strategy),
        };
        let measured = 2.0 * p * k * order * order * t / if t > TOGETHER { TOGETHER } else { 1.0 };
        let host_flops = host_gram + host_residuals + sums + coefficients + measured;
        let chunks = gpu.matrices.div_ceil(gpu.matrices_per_chunk.max(1)) as u64;
        let visits = corrections as u64 + 1;
        let solutions = (gpu.matrices as u64).saturating_mul((self.shape.order(self.form) * (targets + 1) * 4) as u64);
        let of_order = self.shape.order(self.form) as u64;
        let grams = (4 * of_order * of_order).saturating_mul(problems as u64);
        // Where corrections stay on the device, right-hand sides go there once.
        let uploads = solutions.saturating_mul(if product.is_some() { 1 } else { visits }).saturating_add(grams);
        let back = gpu.back.step_bytes.saturating_mul(visits).saturating_add(gpu.back.weight_bytes);
        let dispatch = |count: u64| count as f64 * device.dispatch;
        let residual_dispatches = product.map_or(0, |cost| cost.dispatches);
        let seconds = Seconds {
            upload: gram.bytes_up as f64 / device.upload,
            gram: gram.seconds + on_host(host_gram),
            factor: factor.flops as f64 / device.single + dispatch(factor.dispatches),
            correct: correction.flops as f64 / device.single
                + dispatch(correction.dispatches + residual_dispatches)
                + product.map_or(0.0, |cost| cost.flops as f64 / device.double),
            host: on_host(host_residuals + sums + coefficients + measured),
            transfer: (chunks * visits) as f64 * device.round_trip
                + uploads as f64 / device.upload
                + back as f64 / device.download,
            total: 0.0,
        };
        let Seconds { upload, gram: summed, factor: factored, correct, host, transfer, .. } = seconds;
        let total = upload.max(summed) + factored + correct + host + transfer;
        Some(Estimate {
            factorizations: gpu.matrices as u64,
            chunks,
            factor_dispatches: factor.dispatches,
            dispatches: gram.dispatches + factor.dispatches + correction.dispatches + residual_dispatches,
            bytes_up: gram.bytes_up.saturating_add(uploads),
            bytes_down: gram.bytes_down.saturating_add(back),
            device_flops: gram.flops
                + factor.flops as f64
                + correction.flops as f64
                + product.map_or(0.0, |cost| cost.flops as f64),
            host_flops,
            seconds: Seconds { total, ..seconds },
        })
    }
}

/// The sums of rows on the device.
#[derive(Default)]
struct Sums {
    dispatches: u64,
    bytes_up: u64,
    bytes_down: u64,
    flops: f64,
    seconds: f64,
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn gram(gpu: &GpuPlan, device: &DeviceRates) -> Sums {
    let Some(gram) = &gpu.gram else { return Sums::default() };
    let (rate, element) = match gram.precision {
        Precision::Single => (device.single, 4),
        Precision::Double => (device.double, 8),
    };
    Sums {
        dispatches: gram.cost.dispatches,
        bytes_up: gram.upload,
        bytes_down: (gram.row_stride as u64).pow(2).saturating_mul(element),
        flops: gram.cost.flops as f64,
        seconds: gram.cost.flops as f64 / rate + gram.cost.dispatches as f64 * device.dispatch,
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { factorizations, chunks, dispatches, bytes_up, bytes_down, device_flops, host_flops, .. } = self;
        writeln!(f, "{factorizations} factorizations in {chunks} chunks, {dispatches} dispatches")?;
        writeln!(f, "  bytes    {bytes_up} up, {bytes_down} down")?;
        writeln!(f, "  flops    {device_flops:.1e} on the device, {host_flops:.1e} on the host")?;
        let Seconds { upload, gram, factor, correct, host, transfer, total } = self.seconds;
        writeln!(f, "  seconds  {total:.1e}: upload {upload:.1e} beside gram {gram:.1e}, factor {factor:.1e}, ")?;
        write!(f, "           correct {correct:.1e}, host {host:.1e}, transfer {transfer:.1e}")
    }
}
