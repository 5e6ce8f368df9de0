//! The work of the stages in double precision, each alone: products for G, and those of a correction. Only their time counts, so
//! what they multiply is numbers of the rows, over and over.

use ridgepath::gpu::wgpu::{BufferUsages, CommandEncoder};
use ridgepath::gpu::{product, residues, wgpu};
use ridgepath::{Form, GpuPlan, GramPlan, Precision, Ridge};

use crate::machine::failure::Result;
use crate::measure::device_clock::{self, Clock};
use crate::measure::stage_work::OneStage;
use crate::measure::task::Task;

/// Moduli of G in exact integers: as many as the library takes.
const MODULI: usize = 16;
/// Numbers that are repeated, about.
const PERIOD: usize = 1 << 17;

/// The stages that there are: what the device has no 64-bit floats or no room for is not there.
pub(crate) struct DoubleWork<'a> {
    clock: &'a Clock<'a>,
    jobs: Vec<Job<'a>>,
}

/// A chunk of a stage, and what the stage amounts to in the whole task.
struct Job<'a> {
    name: &'static str,
    record: Box<dyn Fn(&mut CommandEncoder) + 'a>,
    /// How often the chunk is to be counted.
    scale: f64,
    flops: f64,
    bytes: f64,
}

/// Sizes of a task, and numbers of its rows.
struct Source<'a> {
    clock: &'a Clock<'a>,
    sizes: [usize; 3],
    numbers: Vec<u8>,
}

impl<'a> DoubleWork<'a> {
    /// What `ridge` would do in 64-bit floats, and G in exact integers, which would stand in for them.
    pub(crate) fn new(clock: &'a Clock<'a>, task: &Task, ridge: Ridge) -> Result<Self> {
        let limits = clock.gpu.adapter().limits;
        let plan = ridge.precision(Precision::Double).form(Form::Primal).plan_for(task.shape, limits)?;
        let sizes @ [m, n, _] = [task.shape.rows, task.shape.features, task.shape.targets];
        let x = task.x()?;
        let rows = 0..m.min(PERIOD.div_ceil(n));
        let values = rows.flat_map(|row| (0..n).map(move |column| x.get(row, column)));
        let source = Source { clock, sizes, numbers: values.flat_map(f64::to_le_bytes).collect() };
        let gpu = plan.gpu.as_ref();
        let sums = gpu.and_then(|gpu| gpu.gram.as_ref()).filter(|sums| sums.moduli.is_none());
        let corrected = gpu.filter(|gpu| gpu.product.is_some());
        let exact = GramPlan::by_residues(sizes, MODULI, limits, plan.request.memory_budget).ok();
        let jobs = device_clock::caught(clock.gpu, || {
            let in_floats = sums.map(|sums| source.product(sums));
            let in_integers = exact.map(|sums| source.residues(&sums));
            let corrections = corrected.map(|gpu| source.corrections(gpu));
            [in_floats, in_integers, corrections].into_iter().flatten().collect()
        })?;
        Ok(Self { clock, jobs })
    }

    pub(crate) fn stages(&self) -> impl Iterator<Item = OneStage<'_>> {
        self.jobs.iter().map(move |Job { name, record, scale, flops, bytes }| OneStage {
            name,
            run: Box::new(move || self.clock.time(record)),
            scale: *scale,
            flops: *flops,
            bytes: *bytes,
            single: false,
        })
    }
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "sizes that the plan has checked")]
impl<'a> Source<'a> {
    fn empty(&self, what: &str, bytes: usize) -> wgpu::Buffer {
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST;
        device_clock::buffer(self.clock.gpu, what, bytes as u64, usage)
    }

    fn filled(&self, what: &str, bytes: usize) -> wgpu::Buffer {
        let buffer = self.empty(what, bytes);
        for start in (0..bytes).step_by(self.numbers.len()) {
            let count = self.numbers.len().min(bytes - start);
            self.clock.gpu.queue().write_buffer(&buffer, start as u64, &self.numbers[..count]);
        }
        buffer
    }

    /// Of each block: multiply-adds on one side of the diagonal, every row once, and G.
    fn products(&self) -> [f64; 3] {
        let [m, n, t] = self.sizes.map(|size| size as f64);
        [m * n * (n + 2.0 * t), m * (n + t), n * (n / 2.0 + t)]
    }

    /// G in 64-bit floats.
    fn product(&self, sums: &GramPlan) -> Job<'a> {
        let ([m, n, t], gpu) = (self.sizes, self.clock.gpu);
        let rows = sums.rows_per_chunk.min(m);
        let params = product::Params {
            rows: rows as u32,
            left: (n + t) as u32,
            right: n as u32,
            left_stride: (sums.row_stride / 2) as u32,
            right_stride: (sums.row_stride / 2) as u32,
            rows_per_split: sums.rows_per_split as u32,
            splits: rows.div_ceil(sums.rows_per_split) as u32,
            lower: 1,
            first: 1,
        };
        let z = self.filled("rows", 8 * rows * sums.row_stride);
        let partials = self.empty("partials", sums.partial_bytes as usize);
        let product = self.empty("product", 8 * (n + t) * n);
        let [flops, read, kept] = self.products();
        Job {
            name: "product",
            record: Box::new(move |encoder| {
                let buffers = product::Buffers { a: &z, b: &z, partials: &partials, product: &product };
                product::record(gpu, encoder, params, buffers);
            }),
            scale: m as f64 / rows as f64,
            flops,
            bytes: 8.0 * (read + kept),
        }
    }

    /// G in exact integers; operations are those on bytes.
    fn residues(&self, sums: &GramPlan) -> Job<'a> {
        let ([m, n, t], gpu) = (self.sizes, self.clock.gpu);
        let rows = sums.rows_per_chunk.min(m.next_multiple_of(4));
        let params = residues::Params::new(sums, n, t, rows, true);
        let integers = self.filled("integers", 8 * rows * sums.row_stride);
        let bytes = self.empty("residues", MODULI * rows * sums.row_stride);
        let partials = self.empty("partials", sums.partial_bytes as usize);
        let products = self.empty("sums", MODULI * n * sums.row_stride);
        let ([flops, read, kept], moduli) = (self.products(), MODULI as f64);
        Job {
            name: "residues",
            record: Box::new(move |encoder| {
                let buffers =
                    residues::Buffers { integers: &integers, residues: &bytes, partials: &partials, sums: &products };
                residues::record(gpu, encoder, params, buffers);
            }),
            scale: m as f64 / rows.min(m) as f64,
            flops: moduli * flops,
            // Residues are written and read.
            bytes: 8.0 * read + moduli * (2.0 * read + kept),
        }
    }

    /// The products of G with the weights of all λ or nodes, for one correction.
    fn corrections(&self, plan: &GpuPlan) -> Job<'a> {
        let ([_, n, t], gpu) = (self.sizes, self.clock.gpu);
        let matrices = plan.matrices_per_chunk.min(plan.matrices);
        let vectors = (matrices * t).next_multiple_of(2);
        let params = product::Params::symmetric(n, vectors);
        let tile = product::SPEC.constants[0].1 as usize;
        let partials = 8 * params.splits as usize * n.div_ceil(tile) * vectors.div_ceil(tile) * tile * tile;
        let matrix = self.filled("matrix", 8 * n * n.next_multiple_of(2));
        let weights = self.filled("vectors", 8 * n * vectors);
        let [partials, product] = [("partials", partials), ("product", 8 * n * vectors)].map(|(a, b)| self.empty(a, b));
        let [n, all] = [n, plan.matrices * t].map(|size| size as f64);
        Job {
            name: "corrections",
            record: Box::new(move |encoder| {
                let buffers = product::Buffers { a: &matrix, b: &weights, partials: &partials, product: &product };
                product::record(gpu, encoder, params, buffers);
            }),
            scale: plan.matrices as f64 / matrices as f64,
            flops: 2.0 * n * n * all,
            bytes: 8.0 * (n * n + 2.0 * n * all),
        }
    }
}
