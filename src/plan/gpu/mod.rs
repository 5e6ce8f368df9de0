//! What a GPU will be told to do for a task: chunks and sizes that fit its limits.

mod corrections;
pub(crate) mod cost;
mod residues;
pub(crate) mod schedule;
pub(crate) mod shares;

use crate::error::{Error, Result};
use crate::math::resolvent::MOST_NODES;
use crate::model::method::{Form, Precision, Strategy};
use crate::plan::gpu::corrections::Corrections;
use crate::plan::gpu::cost::Cost;
use crate::plan::gpu::schedule::Panels;
use crate::plan::rates::FACTORED_NODES;
use crate::plan::{DeviceRates, Limits, Request, Shape};

/// Floating-point operations in single precision that go to a GPU at once, so that other programs and the driver's watchdog
/// need not wait.
const SUBMISSION: u128 = 200_000_000_000;
/// How many times longer a floating-point operation takes in double precision, on the slowest GPUs that know it.
const DOUBLE_TAKES: u128 = 32;
/// Multiply-adds in the products of a residual from which corrections pay on the device.
const PRODUCT_PAYS: u128 = 50_000_000;
/// Bytes of rows that the host writes while the device sums the rows before them: enough for the work to hide what a submission
/// takes, and little to be mapped before the first.
const UPLOAD: u128 = 32 << 20;

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
    /// Matrices to factor, of all problems: one for each λ; or for each node, whose number depends on the data, and is that of shifts
    /// down to 1e-5 of the largest eigenvalue.
    pub matrices: usize,
    /// Matrices factored and solved at a time, at most, of any of the problems. A device that is slow is told fewer.
    pub matrices_per_chunk: usize,
    /// Of these, matrices of one problem, at most: its λs, or as many nodes as there may be.
    pub matrices_of_one: usize,
    /// What keeps them from being more.
    pub matrices_bound: &'static str,
    /// Bytes on the device while a chunk of matrices is solved.
    pub solve_bytes: u64,
    /// What it does to factor and solve once.
    pub factor: Cost,
    /// What it does for a correction.
    pub correction: Cost,
    /// What it does beside each solution where corrections in double precision stay on the device: products, residuals and weights;
    /// `None` where the CPU forms residuals.
    pub product: Option<Cost>,
    /// What comes back from the device.
    pub back: BackPlan,
}

/// What comes back from the device in double precision, for all λs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackPlan {
    /// Bytes after the first solution and after each correction: the solutions, or where corrections stay on the device, a few sums
    /// a target.
    pub step_bytes: u64,
    /// Bytes of the weights that come back once, where corrections stay on the device; else 0.
    pub weight_bytes: u64,
}

/// How a GPU sums the Gram matrix of the features; in the dual form, where features are the rows, that of the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GramPlan {
    /// The arithmetic.
    pub precision: Precision,
    /// Where products are those of integers, exact, by how many moduli; `None` where they are those of floats.
    pub moduli: Option<usize>,
    /// Rows of [X | Y]; in the dual form those of Xᵀ.
    pub rows: usize,
    /// Elements from one row to the next, a multiple of 4.
    pub row_stride: usize,
    /// Rows that one workgroup sums. It depends on the shape alone, so that the bits of G do not depend on the device's
    /// limits or the memory budget.
    pub rows_per_split: usize,
    /// Rows of a part, where several devices share the rows; all are one part where they are fewer than two. It depends on the shape
    /// alone: the sums of parts are added in `f64` in the order of the rows, whoever had them.
    pub rows_per_part: usize,
    /// Rows uploaded at a time.
    pub rows_per_chunk: usize,
    /// What keeps them from being more.
    pub rows_bound: &'static str,
    /// Bytes of an element of X and of Y where the device centres and scales rows as they were given; `None` where the host does
    /// it: in the dual form, and in single precision of doubles, which are to be centred before they are rounded.
    pub given: Option<[usize; 2]>,
    /// Bytes of X and Y that go to the device, for all problems; weights, if any, take one number more for each row.
    pub upload: u64,
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
    fn new(limits: Limits, budget: u64) -> Self {
        Self {
            // Buffers are made in units of 16 bytes.
            binding: u128::from(limits.storage_binding.min(limits.buffer).min(u64::from(u32::MAX)) & !15),
            budget: budget.into(),
            workgroups: limits.workgroups.into(),
        }
    }

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
    /// The plan for an adapter of `limits`; as many bytes at a time as the request has, if one λ and one run of rows fit.
    pub(super) fn new(shape: Shape, form: Form, request: &Request, limits: Limits) -> Result<Self> {
        let precision = request.precision;
        let room = Room::new(limits, request.memory_budget);
        let problems = shape.problems as u128;
        let summed = match form {
            Form::Primal => [shape.rows, shape.features, shape.targets],
            Form::Dual => [shape.features, shape.rows, 0],
        };
        let [x, y] = request.element_bytes;
        let given = match (form, precision) {
            (Form::Primal, Precision::Double) => Some([x, y]),
            (Form::Primal, Precision::Single) if x == size_of::<f32>() => Some([x, y]),
            _ => None,
        };
        let sums = |sizes| GramPlan::new(sizes, precision, given, room).map(|plan| plan.times(shape.problems));
        let gram = match precision {
            Precision::Single => Some(sums(summed)?),
            // What the device cannot do or has no room for, the CPU does: the factors may still fit.
            Precision::Double => {
                let wide = limits.shader_f64.then(|| sums(summed).ok()).flatten();
                let by_residues = || {
                    let plan = GramPlan::of_residues(summed, residues::MODULI, room).ok();
                    plan.filter(|plan| residues::worthwhile(summed, plan, request))
                        .map(|plan| plan.times(shape.problems))
                };
                // Shaders that know doubles may be slow at them: then the CPU is faster, or integers are.
                let faster = |sums: &GramPlan| {
                    let on_device = |device: DeviceRates| sums.cost.flops as f64 / device.double;
                    request.device.is_none_or(|device| on_device(device) < request.gram_on_cpu(shape))
                };
                wide.filter(faster).or_else(by_residues)
            }
        };
        let n = shape.order(form) as u128;
        let strategy = request.strategy_on_gpu(form, precision, shape);
        let penalties = match strategy {
            Strategy::Nodes => shape.penalties.min(FACTORED_NODES),
            _ => shape.penalties,
        };
        let [t, k] = [shape.targets, penalties].map(|size| size as u128);
        // λs, or as many nodes as there may be, of one problem in a chunk.
        let most_of_one = match strategy {
            Strategy::Nodes => shape.penalties.min(MOST_NODES) as u128,
            _ => k,
        };
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
        let solved = room.fits("the solutions of one λ, with its status", solution + 4)?;
        let mut one = factor + inverse + 2 * solution + 8 * rows + 4;
        let (mut shared, mut most) = (grams, room.binding / factor.max(inverse).max(solved));
        let flops = u128::from(cost::factor_solved(panels, 1, size(quads)).flops);
        let (mut length, mut each) = (flops, 0);
        // Where corrections pay on the device is each problem's own, for the bits of its answer.
        let fast =
            request.device.is_none_or(|device| device.double >= request.rates.product * request.rates.cores as f64);
        let double = precision == Precision::Double && limits.shader_f64 && fast;
        let pays = double && n * n * t * k >= PRODUCT_PAYS;
        let corrections = if pays { Corrections::new([n, t, most_of_one], room.binding) } else { None };
        if let Some(own) = &corrections {
            shared += own.shared + problems.saturating_mul(own.problem);
            each = own.each;
            one += own.matrix;
            most = most.min(own.most);
            length += DOUBLE_TAKES * own.flops;
        }
        // No chunk has more than so many matrices of one problem.
        let spare = room.budget.saturating_sub(shared);
        let affordable = (spare / (one + each)).max(spare.saturating_sub(most_of_one * each) / one);
        let (matrices, matrices_bound) = least([
            (all, ALL),
            (affordable, BUDGET),
            (most, BINDING),
            (if corrections.is_some() { room.workgroups } else { room.workgroups * room.workgroups }, WORKGROUPS),
            (SUBMISSION / length, LENGTH),
        ]);
        let bytes = shared + matrices * one + matrices.min(most_of_one) * each;
        let back = match &corrections {
            Some(own) => BackPlan { step_bytes: number(all * own.sums), weight_bytes: number(all * own.weights) },
            None => BackPlan { step_bytes: number(all * solution), weight_bytes: 0 },
        };
        let [n, all, quads, matrices_per_chunk] = [n, all, quads, matrices].map(size);
        Ok(Self {
            gram,
            matrices: all,
            matrices_per_chunk,
            matrices_of_one: size(most_of_one),
            matrices_bound,
            solve_bytes: number(bytes),
            factor: Cost::in_chunks(all, matrices_per_chunk, |count| cost::factor_solved(panels, count, quads)),
            correction: Cost::in_chunks(all, matrices_per_chunk, |count| cost::solve(panels, count, quads)),
            product: corrections.map(|_| {
                let corrected = |lambdas| cost::corrected(n, shape.targets, lambdas);
                Cost::in_problems([shape.problems, penalties], matrices_per_chunk, corrected)
            }),
            back,
        })
    }
}

impl GramPlan {
    /// The plan for `problems` problems, one after the other.
    fn times(self, problems: usize) -> Self {
        Self { cost: self.cost.times(problems), upload: self.upload.saturating_mul(problems as u64), ..self }
    }

    /// Runs of rows, as many as fill a large GPU, none shorter than the tile's loads are worth.
    fn new([rows, n, t]: [usize; 3], precision: Precision, given: Option<[usize; 2]>, room: Room) -> Result<Self> {
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
        // In single precision what of Y is given in double comes rounded.
        let row_bytes = given.map_or(stride * element, |[x, y]| {
            n * x as u128 + t * if precision == Precision::Single { element } else { y as u128 }
        });
        let frame = |rows| cost::frame(precision, [n, stride].map(size), rows, size(row_bytes));
        let framed = |rows| given.map_or_else(Cost::default, |_| frame(rows));
        let whole = |rows, split| framed(rows).plus(cost(rows, split));
        // As given, with a root of a weight each, X, Y and roots filled up to 16 bytes; rows framed by the host need no such room.
        let given_bytes = given.map_or(0, |_| split * (row_bytes + element) + 3 * 16);
        let given_bytes = room.fits("a run of rows as they are given", given_bytes)?;
        let tile_bytes = room.fits("the partial sums of the Gram matrix", element * sums.elements())?;
        let moments = room.fits("the Gram matrix with its cross-products", q * n * element)?;
        let (splits, rows_bound) = least([
            (m.div_ceil(split), ALL),
            (room.budget.saturating_sub(moments) / (given_bytes + split_bytes + tile_bytes), BUDGET),
            (room.binding / given_bytes.max(split_bytes).max(tile_bytes), BINDING),
            (room.workgroups.min(room.workgroups * schedule::FRAME_TILE as u128 / split), WORKGROUPS),
            (UPLOAD.div_ceil(split * row_bytes), "the upload of rows beside the work"),
            (most_flops / u128::from(whole(size(split), size(split)).flops), LENGTH),
        ]);
        let (rows_per_split, rows_per_chunk) = (size(split), size(split * splits));
        Ok(Self {
            precision,
            moduli: None,
            rows,
            row_stride: size(stride),
            rows_per_split,
            rows_per_part: shares::rows_per_part(m, stride, stride * element, split),
            rows_per_chunk,
            rows_bound,
            given,
            upload: number(m * row_bytes),
            bytes: number(moments + splits * (given_bytes + split_bytes + tile_bytes)),
            partial_bytes: number(splits * tile_bytes),
            cost: Cost::in_chunks(rows, rows_per_chunk, |rows| whole(rows, rows_per_split)),
        })
    }
}
