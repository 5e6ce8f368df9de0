//! What a GPU will be told to do for a task: chunks and sizes that fit its limits.

pub(crate) mod cost;
pub(crate) mod schedule;

use crate::error::{Error, Result};
use crate::model::method::{Form, Precision};
use crate::plan::gpu::cost::Cost;
use crate::plan::gpu::schedule::{PRODUCT_TILE as TILE, Panels};
use crate::plan::{Limits, Shape};

/// Floating-point operations in single precision that go to a GPU at once, so that other programs and the driver's watchdog
/// need not wait.
const SUBMISSION: u128 = 200_000_000_000;
/// How many times longer a floating-point operation takes in double precision, on the slowest GPUs that know it.
const DOUBLE_TAKES: u128 = 32;
/// Multiply-adds in the products of a residual from which the way to the device and back pays.
const PRODUCT_PAYS: u128 = 50_000_000;
/// Bytes of rows that are prepared on the host while the device sums the rows before them.
const UPLOAD: u128 = 64 << 20;

/// What may bind the size of a chunk.
const ALL: &str = "nothing: these are all";
const BUDGET: &str = "the memory budget";
const BINDING: &str = "the adapter's storage buffer binding";
const WORKGROUPS: &str = "the adapter's workgroups a dimension";
const LENGTH: &str = "the length of a submission";

/// Chunks and sizes on a GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpuPlan {
    /// How the device sums the matrix of the equations, problem after problem; `None` where the CPU does.
    pub gram: Option<GramPlan>,
    /// Matrices factored and solved at a time, at most: λs, of any of the problems. A device that is slow is told fewer.
    pub matrices_per_chunk: usize,
    /// What keeps them from being more.
    pub matrices_bound: &'static str,
    /// Bytes on the device while a chunk of matrices is solved.
    pub solve_bytes: u64,
    /// What it does to factor and solve once.
    pub factor: Cost,
    /// What it does for a correction.
    pub correction: Cost,
    /// What it does for the products of a residual in double precision; `None` where the CPU forms them.
    pub product: Option<Cost>,
}

/// How a GPU sums the Gram matrix of the features; in the dual form, where features are the rows, that of the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GramPlan {
    /// The arithmetic.
    pub precision: Precision,
    /// Rows of [X | Y]; in the dual form those of Xᵀ.
    pub rows: usize,
    /// Elements from one row to the next, a multiple of 4.
    pub row_stride: usize,
    /// Rows that one workgroup sums. It depends on the shape alone, so that the bits of G do not depend on the device's
    /// limits or the memory budget.
    pub rows_per_split: usize,
    /// Rows uploaded at a time.
    pub rows_per_chunk: usize,
    /// What keeps them from being more.
    pub rows_bound: &'static str,
    /// Bytes on the device.
    pub bytes: u64,
    /// Bytes of the partial sums of a block of rows, which `bytes` includes.
    pub partial_bytes: u64,
    /// What the device does, for all problems.
    pub cost: Cost,
}

/// The bytes that one binding and a budget hold, and the errors of what does not fit.
#[derive(Clone, Copy)]
struct Room {
    binding: u128,
    budget: u128,
    workgroups: u128,
}

impl Room {
    fn fits(self, what: &'static str, needed: u128) -> Result<u128> {
        match needed <= self.binding {
            true => Ok(needed),
            false => {
                Err(Error::TooLarge { what, needed: number(needed), limit: number(self.binding), binding: BINDING })
            }
        }
    }

    fn matrices_fit(matrices: u128) -> Result<()> {
        match matrices <= u32::MAX.into() {
            true => Ok(()),
            false => Err(Error::TooLarge {
                what: "the number of λs of all problems",
                needed: number(matrices),
                limit: u32::MAX.into(),
                binding: "the numbers of 32 bits that shaders count with",
            }),
        }
    }

    fn targets_fit(self, groups: u128) -> Result<()> {
        match groups <= self.workgroups {
            true => Ok(()),
            false => Err(Error::TooLarge {
                what: "the number of targets",
                needed: number(groups),
                limit: number(self.workgroups),
                binding: "the adapter's workgroups a dimension, a tile of columns or 4 targets each",
            }),
        }
    }
}

/// The least of some limits, 1 at least, and the name of the first that is so small.
fn least<const N: usize>(limits: [(u128, &'static str); N]) -> (u128, &'static str) {
    let (value, name) = limits.into_iter().min_by_key(|(value, _)| *value).unwrap_or((1, ALL));
    (value.max(1), name)
}

fn number(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

fn size(value: u128) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

impl GpuPlan {
    /// The plan for an adapter of `limits`; `budget` bytes at a time, if one λ and one run of rows fit.
    pub(super) fn new(shape: Shape, form: Form, precision: Precision, limits: Limits, budget: u64) -> Result<Self> {
        let room = Room {
            // Buffers are made in units of 16 bytes.
            binding: u128::from(limits.storage_binding.min(limits.buffer).min(u64::from(u32::MAX)) & !15),
            budget: budget.into(),
            workgroups: limits.workgroups.into(),
        };
        let problems = shape.problems as u128;
        let summed = match form {
            Form::Primal => [shape.rows, shape.features, shape.targets],
            Form::Dual => [shape.features, shape.rows, 0],
        };
        let sums = |sizes| GramPlan::new(sizes, precision, room).map(|plan| plan.times(shape.problems));
        let gram = match precision {
            Precision::Single => Some(sums(summed)?),
            // What the device cannot do or has no room for, the CPU does: the factors may still fit.
            Precision::Double if !limits.shader_f64 => None,
            Precision::Double => sums(summed).ok(),
        };
        let n = shape.order(form) as u128;
        let [t, k] = [shape.targets, shape.penalties].map(|size| size as u128);
        let all = k.saturating_mul(problems);
        Room::matrices_fit(all)?;
        // One more right-hand side than targets estimates the condition number.
        let quads = (t + 1).div_ceil(4);
        room.targets_fit(quads)?;
        // Per matrix the factor, the inverted diagonal blocks, right-hand sides (here and staged), scales.
        let (rows, panels) = (n.next_multiple_of(4), Panels::new(size(n), limits));
        let grams = room.fits("the Gram matrix", n * rows * 4)?;
        let grams = room.fits("the Gram matrices of all problems", problems.saturating_mul(grams))?;
        let factor = room.fits("a factor", 4 * panels.lower_elements() as u128)?;
        let inverse = room.fits("the inverted diagonal blocks", 4 * panels.inverse_elements() as u128)?;
        let solution = quads * n * 16;
        let back = room.fits("the solutions of one λ, with its status", solution + 4)?;
        let one = factor + inverse + 2 * solution + 8 * rows + 4;
        let (mut shared, mut most) = (grams, room.binding / factor.max(inverse).max(back));
        // Products in double precision: the matrices once more, and for the λs of one problem at a time vectors, products and
        // partial sums by tiles of columns. Whether they pay is each problem's own, for the bits of its answer.
        let [wide, vectors, partials] = schedule::symmetric_elements(size(n), TILE).map(|count| 8 * count as u128);
        let pays = precision == Precision::Double && limits.shader_f64 && n * n * t * k >= PRODUCT_PAYS;
        let on_device = pays && wide.max(2 * vectors).max(2 * partials) <= room.binding;
        let mut each = 0;
        if on_device {
            let tiles = |columns: u128, bytes: u128| (columns * bytes).div_ceil(TILE as u128);
            shared += problems.saturating_mul(wide) + 2 * vectors + partials; // with a tile that is not full
            each = 2 * tiles(t, vectors) + tiles(t, partials);
            let left = |bytes: u128| (room.binding - bytes) / tiles(t, bytes);
            let fit = left(vectors).min(left(partials));
            most = if k <= fit { most } else { most.min(fit) };
        }
        // No chunk has more than k λs of one problem.
        let spare = room.budget.saturating_sub(shared);
        let affordable = (spare / (one + each)).max(spare.saturating_sub(k * each) / one);
        let (matrices, matrices_bound) = least([
            (all, ALL),
            (affordable, BUDGET),
            (most, BINDING),
            (room.workgroups * room.workgroups, WORKGROUPS),
            (SUBMISSION / u128::from(cost::factor_solved(panels, 1, size(quads)).flops), LENGTH),
        ]);
        let bytes = shared + matrices * one + matrices.min(k) * each;
        let [n, all, quads, matrices_per_chunk] = [n, all, quads, matrices].map(size);
        Ok(Self {
            gram,
            matrices_per_chunk,
            matrices_bound,
            solve_bytes: number(bytes),
            factor: Cost::in_chunks(all, matrices_per_chunk, |count| cost::factor_solved(panels, count, quads)),
            correction: Cost::in_chunks(all, matrices_per_chunk, |count| cost::solve(panels, count, quads)),
            product: on_device.then(|| {
                let products = |lambdas| cost::symmetric(n, lambdas * shape.targets);
                Cost::in_problems([shape.problems, shape.penalties], matrices_per_chunk, products)
            }),
        })
    }
}

impl GramPlan {
    /// The plan for `problems` problems, one after the other.
    fn times(self, problems: usize) -> Self {
        Self { cost: self.cost.times(problems), ..self }
    }

    /// Runs of rows, as many as fill a large GPU, none shorter than the tile's loads are worth.
    fn new([rows, n, t]: [usize; 3], precision: Precision, room: Room) -> Result<Self> {
        let [m, n, t] = [rows, n, t].map(|size| size as u128);
        let q = n + t;
        let (element, most_flops) = match precision {
            Precision::Single => (4, SUBMISSION),
            Precision::Double => (8, SUBMISSION / DOUBLE_TAKES),
        };
        let cost = |rows, split| match precision {
            Precision::Single => cost::gram(size(n), size(q), rows, split),
            Precision::Double => cost::product([size(q), size(n)], true, rows, split),
        };
        let sums = schedule::TriangleTiles::new(precision, size(n), size(q));
        room.targets_fit(sums.down as u128)?;
        let stride = q.next_multiple_of(4);
        let wanted = 1024u128.div_ceil(sums.tiles());
        // One run stays below 32 MiB and fits a submission.
        let most = ((32 << 20) / (stride * element)).min(16 * most_flops / u128::from(cost(16, 16).flops)).max(16);
        let split = m.div_ceil(wanted).clamp(256, 4096).min(most).next_multiple_of(16);
        let split_bytes = room.fits("a run of rows", split * stride * element)?;
        let tile_bytes = room.fits("the partial sums of the Gram matrix", element * sums.elements())?;
        let moments = room.fits("the Gram matrix with its cross-products", q * n * element)?;
        let (splits, rows_bound) = least([
            (m.div_ceil(split), ALL),
            (room.budget.saturating_sub(moments) / (split_bytes + tile_bytes), BUDGET),
            (room.binding / split_bytes.max(tile_bytes), BINDING),
            (room.workgroups, WORKGROUPS),
            (UPLOAD.div_ceil(split_bytes), "the upload of rows beside the work"),
            (most_flops / u128::from(cost(size(split), size(split)).flops), LENGTH),
        ]);
        let (rows_per_split, rows_per_chunk) = (size(split), size(split * splits));
        Ok(Self {
            precision,
            rows,
            row_stride: size(stride),
            rows_per_split,
            rows_per_chunk,
            rows_bound,
            bytes: number(moments + splits * (split_bytes + tile_bytes)),
            partial_bytes: number(splits * tile_bytes),
            cost: Cost::in_chunks(rows, rows_per_chunk, |rows| cost(rows, rows_per_split)),
        })
    }
}
