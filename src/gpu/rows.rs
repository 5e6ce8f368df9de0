//! Where the blocks of rows that a device sums come from: as they were given, framed there, or framed by the host.

use std::ops::Range;

use wgpu::WriteOnly;

use crate::data::framed::Framed;
use crate::data::rows::Rows as _;
use crate::data::view::View;
use crate::gpu::context::Gpu;
use crate::gpu::stages::frame::{self, Params, SINGLE};
use crate::gpu::upload;
use crate::math::scalar::Scalar;
use crate::model::method::Precision;
use crate::plan::GramPlan;

/// Blocks of rows on their way to a device.
pub(crate) trait Source {
    /// Bytes that so many rows take on the way.
    fn bytes(&self, rows: usize) -> usize;
    /// Writes rows to memory that the device will read.
    fn write(&self, rows: Range<usize>, to: WriteOnly<'_, [u8]>);
    /// Records that the block of so many rows that was written to `staged` becomes rows of [X | Y].
    fn record(
        &self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        rows: usize,
        staged: &wgpu::Buffer,
        framed: &wgpu::Buffer,
    );
}

/// Rows framed by the host: `fill` puts those from a number on into a block of whole rows, `width` apart, that holds zeros or rows
/// put there before.
pub(crate) struct FramedByHost<A, F> {
    width: usize,
    fill: F,
    element: std::marker::PhantomData<A>,
}

/// Bytes that the host frames before it writes them: they stay in a cache.
const STEP: usize = 4 << 20;

impl<A, F: Fn(usize, &mut [A])> FramedByHost<A, F> {
    pub(crate) fn new(width: usize, fill: F) -> Self {
        Self { width, fill, element: std::marker::PhantomData }
    }
}

impl<A: Scalar + bytemuck::Pod, F: Fn(usize, &mut [A])> Source for FramedByHost<A, F> {
    fn bytes(&self, rows: usize) -> usize {
        rows * self.width * size_of::<A>()
    }

    fn write(&self, rows: Range<usize>, mut to: WriteOnly<'_, [u8]>) {
        let at_once = (STEP / self.bytes(1)).max(1);
        let mut block = vec![A::zero(); at_once.min(rows.len()) * self.width];
        for start in rows.clone().step_by(at_once) {
            let block = &mut block[..at_once.min(rows.end - start) * self.width];
            (self.fill)(start, block);
            let bytes: &[u8] = bytemuck::cast_slice(block);
            let at = self.bytes(start - rows.start);
            to.slice(at..at + bytes.len()).copy_from_slice(bytes);
        }
    }

    fn record(
        &self,
        _: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        rows: usize,
        staged: &wgpu::Buffer,
        framed: &wgpu::Buffer,
    ) {
        encoder.copy_buffer_to_buffer(staged, 0, framed, 0, self.bytes(rows) as u64);
    }
}

/// Exponents of columns that doubles centre so, where devices may take subnormal numbers for 0.
const DOUBLE: Range<i32> = -900..1024;
/// Blocks of matrices begin at multiples of so many bytes.
const ALIGNED: usize = 16;

/// Rows as they were given: X, Y and the roots of the weights of a block, one after another. In single precision, what of Y is
/// given in double is centred by the host, before it is rounded.
pub(crate) struct Given<'a> {
    rows: &'a Framed<'a>,
    /// Roots of the weights, if there are any.
    roots: Option<&'a [f64]>,
    precision: Precision,
    width: usize,
    columns: wgpu::Buffer,
    block: wgpu::Buffer,
}

/// Where X, Y and roots begin in a block of rows, and where it ends, in bytes.
struct Layout {
    y: usize,
    roots: usize,
    end: usize,
}

impl<'a> Given<'a> {
    /// Whether the device frames these rows: as planned, unless columns are so large or small that it could lose digits.
    pub(crate) fn fits(rows: &Framed<'_>, plan: &GramPlan) -> bool {
        let range = if plan.precision == Precision::Single { SINGLE } else { DOUBLE };
        let fits = rows.exponents().iter().all(|exponent| range.contains(exponent));
        fits && plan.given == Some(rows.problem().element_bytes())
    }

    /// Rows of the elements that the plan has the device frame.
    pub(crate) fn new(gpu: &Gpu, rows: &'a Framed<'a>, roots: &'a [f64], plan: &GramPlan) -> Self {
        let (problem, precision) = (rows.problem(), plan.precision);
        let roots = problem.weighted().then_some(roots);
        let framed = precision == Precision::Single && problem.y().element_bytes() > size_of::<f32>();
        let columns = frame::columns(gpu, rows, precision, if framed { problem.features() } else { problem.columns() });
        let block = layout(rows, roots, precision, plan.rows_per_chunk.min(problem.rows())).end;
        let block = gpu.storage("ridgepath.frame.given", block as u64);
        Self { rows, roots, precision, width: plan.row_stride, columns, block }
    }

    fn layout(&self, rows: usize) -> Layout {
        layout(self.rows, self.roots, self.precision, rows)
    }
}

/// Copies elements of Y from number `from` on, in the order of its memory, as they are given or framed.
fn copy_y(framed: &Framed<'_>, precision: Precision, rows: Range<usize>, from: usize, to: &mut [u8]) {
    let problem = framed.problem();
    let (y, n) = (problem.y(), problem.features());
    if element_bytes(precision, y) == y.element_bytes() {
        return copy(y, rows, from, to);
    }
    let to: &mut [f32] = bytemuck::cast_slice_mut(to);
    let mut values = vec![0.0; to.len()];
    y.copy_in_order(rows.clone(), from, &mut values);
    for ((to, value), at) in to.iter_mut().zip(values).zip(from..) {
        let j = if y.by_columns() { at / rows.len() } else { at % y.columns() };
        *to = f32::round_from(framed.framed(n + j, value));
    }
}

/// Copies some of the roots in the type of the arithmetic.
fn copy_roots(precision: Precision, roots: &[f64], to: &mut [u8]) {
    fn rounded<A: Scalar + bytemuck::Pod>(roots: &[f64], to: &mut [u8]) {
        let to: &mut [A] = bytemuck::cast_slice_mut(to);
        to.iter_mut().zip(roots).for_each(|(to, root)| *to = A::round_from(*root));
    }
    match precision {
        Precision::Single => rounded::<f32>(roots, to),
        Precision::Double => rounded::<f64>(roots, to),
    }
}

/// Bytes of the elements in which a matrix is uploaded.
fn element_bytes(precision: Precision, of: View<'_>) -> usize {
    match precision {
        Precision::Single => size_of::<f32>(),
        Precision::Double => of.element_bytes(),
    }
}

/// Bytes of a number of the arithmetic.
pub(crate) fn number_bytes(precision: Precision) -> usize {
    if precision == Precision::Single { size_of::<f32>() } else { size_of::<f64>() }
}

fn layout(of: &Framed<'_>, roots: Option<&[f64]>, precision: Precision, rows: usize) -> Layout {
    let problem = of.problem();
    let bytes = |of: View<'_>| (rows * of.columns() * element_bytes(precision, of)).next_multiple_of(ALIGNED);
    let y = bytes(problem.x());
    let roots_bytes = roots.map_or(0, |_| (rows * number_bytes(precision)).next_multiple_of(ALIGNED));
    let roots = y + bytes(problem.y());
    Layout { y, roots, end: roots + roots_bytes }
}

/// Copies elements of some rows of a matrix from number `from` on, in the order of its memory.
fn copy(of: View<'_>, rows: Range<usize>, from: usize, to: &mut [u8]) {
    match of.element_bytes() {
        4 => of.copy_in_order::<f32>(rows, from, bytemuck::cast_slice_mut(to)),
        _ => of.copy_in_order::<f64>(rows, from, bytemuck::cast_slice_mut(to)),
    }
}

impl Source for Given<'_> {
    fn bytes(&self, rows: usize) -> usize {
        self.layout(rows).end
    }

    fn write(&self, rows: Range<usize>, to: WriteOnly<'_, [u8]>) {
        let problem = self.rows.problem();
        let Layout { y, roots, end } = self.layout(rows.len());
        let (x_bytes, y_bytes) =
            (element_bytes(self.precision, problem.x()), element_bytes(self.precision, problem.y()));
        let root_bytes = number_bytes(self.precision);
        // What threads share, which in a browser may hold no buffer.
        let (framed, precision, all_roots) = (self.rows, self.precision, self.roots);
        let (x_end, y_end) = (rows.len() * problem.features() * x_bytes, y + rows.len() * problem.targets() * y_bytes);
        upload::in_chunks(to, end, |at, chunk| {
            // The part of the chunk that lies in a section, from so many bytes of that on.
            let part = |section: Range<usize>| {
                let (from, to) = (section.start.max(at), section.end.min(at + chunk.len()));
                (from < to).then(|| (from - section.start, from - at..to - at))
            };
            let [x, y, roots] = [part(0..x_end), part(y..y_end), part(roots..roots + rows.len() * root_bytes)];
            if let Some((from, part)) = x {
                copy(problem.x(), rows.clone(), from / x_bytes, &mut chunk[part]);
            }
            if let Some((from, part)) = y {
                copy_y(framed, precision, rows.clone(), from / y_bytes, &mut chunk[part]);
            }
            if let (Some((from, part)), Some(all)) = (roots, all_roots) {
                let from = rows.start + from / root_bytes;
                copy_roots(precision, &all[from..from + part.len() / root_bytes], &mut chunk[part]);
            }
        });
    }

    #[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
    fn record(
        &self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        rows: usize,
        staged: &wgpu::Buffer,
        framed: &wgpu::Buffer,
    ) {
        let problem = self.rows.problem();
        let Layout { y, roots, end } = self.layout(rows);
        encoder.copy_buffer_to_buffer(staged, 0, &self.block, 0, end as u64);
        let n = problem.features();
        let params = |of: View<'_>, first: usize, end: usize, begin: usize| {
            let bytes = element_bytes(self.precision, of);
            Params {
                rows: rows as u32,
                columns: of.columns() as u32,
                first: first as u32,
                end: end as u32,
                stride: self.width as u32,
                begin: (begin / bytes) as u32,
                down: if of.by_columns() { 1 } else { of.columns() as u32 },
                across: if of.by_columns() { rows as u32 } else { 1 },
                by_columns: u32::from(of.by_columns()),
                wide: u32::from(bytes > size_of::<f32>()),
                first_root: (roots / number_bytes(self.precision)) as u32,
                weighted: u32::from(self.roots.is_some()),
                zero: 0,
            }
        };
        let params = [params(problem.x(), 0, n, 0), params(problem.y(), n, self.width, y)];
        let block = || self.block.as_entire_buffer_binding();
        let buffers = frame::Buffers { given: [block(), block()], roots: block(), columns: &self.columns, framed };
        frame::record(gpu, encoder, self.precision, params, buffers);
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::{Given, Source};
    use crate::data::framed::Framed;
    use crate::data::problem::Problem;
    use crate::data::view::View;
    use crate::gpu::Gpu;
    use crate::math::scalar::Scalar as _;
    use crate::model::method::{Backend, Form, Precision};
    use crate::plan::gpu::schedule;
    use crate::plan::{Plan, Request, Shape};

    #[test]
    fn as_many_bytes_and_dispatches_go_to_the_device_as_the_plan_counts() {
        let Ok(gpu) = pollster::block_on(Gpu::open(true)) else {
            eprintln!("!!! NOT TESTED: this test needs a GPU or software Vulkan, and found neither");
            return;
        };
        let (m, n, t) = (5000, 33, 3);
        let (x, y) = (DMatrix::from_fn(m, n, |i, j| ((i * (j + 1)) as f64).sin()), DMatrix::from_element(m, t, 1.0));
        let x32 = x.map(f32::round_from);
        let weights = vec![0.5; m];
        for (precision, x) in [
            (Precision::Double, View::from(&x)),
            (Precision::Double, View::from(&x32)),
            (Precision::Single, View::from(&x32)),
        ] {
            let limits = gpu.adapter().limits;
            if precision == Precision::Double && !limits.shader_f64 {
                continue;
            }
            let problem = Problem::new(x, &y).expect("finite");
            let shape = Shape { rows: m, features: n, targets: t, penalties: 1, problems: 1 };
            let request = Request { backend: Backend::Gpu, precision, form: Some(Form::Primal), ..Request::default() };
            let request = Request { memory_budget: 0, element_bytes: problem.element_bytes(), ..request };
            let plan = Plan::new(shape, request, Some(Ok(limits))).expect("it fits").gpu.expect("of a GPU");
            let plan = plan.gram.expect("on the device");
            let blocks: Vec<usize> =
                (0..m).step_by(plan.rows_per_chunk).map(|at| plan.rows_per_chunk.min(m - at)).collect();
            assert!(blocks.len() > 1);
            let weighted = problem.clone().with_weights(&weights).expect("positive");
            for (problem, weight_bytes) in
                [(problem, 0), (weighted, if precision == Precision::Single { 4 } else { 8 })]
            {
                let rows = Framed::centred(&problem).expect("in range");
                let roots = rows.roots(0..m);
                assert!(Given::fits(&rows, &plan));
                let given = Given::new(&gpu, &rows, &roots, &plan);
                let bytes: u64 = blocks.iter().map(|rows| given.bytes(*rows) as u64).sum();
                let wanted = plan.upload + (weight_bytes * m) as u64;
                assert!((wanted..=wanted + wanted / 100).contains(&bytes), "{bytes} bytes, counted {wanted}");
            }
            let dispatches = |rows: usize| {
                let splits = rows.div_ceil(plan.rows_per_split);
                let sums = match precision {
                    Precision::Single => schedule::gram(n, n + t, splits),
                    Precision::Double => schedule::product([n + t, n], splits),
                };
                schedule::frame(precision, [n, plan.row_stride], rows).len() + sums.len()
            };
            assert_eq!(plan.cost.dispatches, blocks.into_iter().map(dispatches).sum::<usize>() as u64);
        }
    }
}
