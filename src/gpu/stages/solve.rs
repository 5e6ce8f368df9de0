//! Stage `solve` on the GPU: forward and back substitution for all targets of a chunk of matrices, in `f32`.

use std::mem::offset_of;
use std::ops::Range;

use crate::error::Result;
use crate::gpu::context::Gpu;
use crate::gpu::kernel::{self, Binding, PANELS, Spec};
use crate::gpu::pace::{self, Begun, Kind};
use crate::gpu::solution::Solution;
use crate::gpu::stages::factor::{self, Factors, System};
use crate::gpu::transfer;
use crate::plan::gpu::cost;
use crate::plan::gpu::schedule::stride;

/// The shader's contract.
pub const SPEC: Spec = Spec {
    stage: "solve",
    source: include_str!("../../../shaders/solve.wgsl"),
    entries: &["solve", "solve_single", "solve_many"],
    wide: None,
    bindings: &[Binding::read("lower"), Binding::read("inverse"), Binding::written("solution")],
    params: (
        &[
            ("order", offset_of!(Params, order)),
            ("stride", offset_of!(Params, stride)),
            ("panels", offset_of!(Params, panels)),
            ("width", offset_of!(Params, width)),
            ("quads", offset_of!(Params, quads)),
            ("matrices", offset_of!(Params, matrices)),
        ],
        size_of::<Params>(),
    ),
    constants: PANELS,
};

/// The members are described in the shader.
#[repr(C)]
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// n.
    pub order: u32,
    /// ⌈n / 4⌉.
    pub stride: u32,
    /// Panels of L.
    pub panels: u32,
    /// Columns of a diagonal block: 4·stride of a single one, else 64.
    pub width: u32,
    /// ⌈t / 4⌉.
    pub quads: u32,
    /// How many there are.
    pub matrices: u32,
}

/// Records the substitutions of the first `count` matrices of a chunk in one dispatch.
#[expect(clippy::cast_possible_truncation, reason = "the plan has checked that every size fits 32 bits")]
pub fn record(gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, factors: &Factors, solution: &Solution, count: usize) {
    let panels = factors.panels;
    let n = panels.order;
    let params = Params {
        order: n as u32,
        stride: stride(n) as u32,
        panels: panels.count as u32,
        width: panels.width as u32,
        quads: solution.quads as u32,
        matrices: count as u32,
    };
    let buffers = [&factors.lower, &factors.inverse, &solution.buffer];
    let dispatches = panels.solve(count, solution.quads);
    gpu.kernel(&SPEC).bind(&[params], &buffers).record(encoder, &dispatches);
}

/// Builds the pipelines of a chunk of `count` matrices and of its corrections.
pub(crate) fn prepare(gpu: &Gpu, factors: &Factors, quads: usize, count: usize) {
    let panels = factors.panels;
    let needed = [(gpu.kernel(&factor::SPEC), panels.factor(count)), (gpu.kernel(&SPEC), panels.solve(count, quads))];
    kernel::prepare(&needed);
}

/// Records the factorization of a chunk of matrices and the substitutions: one dispatch if there is a single panel and targets are few,
/// else one more than panels.
pub fn record_factored(
    gpu: &Gpu,
    encoder: &mut wgpu::CommandEncoder,
    system: &System,
    factors: &Factors,
    solution: &Solution,
    matrices: Range<usize>,
) {
    let all = dispatches(factors, solution, 1).len();
    record_some(gpu, encoder, (system, factors, solution), matrices, 0..all);
}

/// Some of the dispatches of [`record_factored`].
fn record_some(
    gpu: &Gpu,
    encoder: &mut wgpu::CommandEncoder,
    (system, factors, solution): (&System, &Factors, &Solution),
    matrices: Range<usize>,
    dispatches: Range<usize>,
) {
    let (panels, count) = (factors.panels.count, matrices.len());
    let own = dispatches.start..dispatches.end.min(panels);
    if !own.is_empty() {
        factor::record_some(gpu, encoder, system, factors, solution, matrices, own);
    }
    if dispatches.end > panels {
        record(gpu, encoder, factors, solution, count);
    }
}

/// Floating-point operations of the dispatches of [`record_factored`].
fn dispatches(factors: &Factors, solution: &Solution, count: usize) -> Vec<u64> {
    let costs = cost::factor_solved_dispatches(factors.panels, count, solution.quads);
    costs.into_iter().map(|cost| cost.flops).collect()
}

fn kind(factors: &Factors, solution: &Solution) -> Kind {
    Kind { stage: SPEC.stage, sizes: [factors.panels.order, solution.quads] }
}

/// Matrices that the device may be told to factor and solve at once: one at least.
pub(crate) fn at_a_time(gpu: &Gpu, factors: &Factors, solution: &Solution) -> usize {
    let one: u64 = dispatches(factors, solution, 1).iter().sum();
    let allowed = gpu.pace().allowed(kind(factors, solution));
    usize::try_from(allowed / one.max(1)).unwrap_or(usize::MAX).max(1)
}

/// What of [`record_factored`] goes to the device at a time.
pub(crate) struct Part {
    dispatches: Range<usize>,
    kind: Kind,
    flops: u64,
}

/// All of it, of `count` matrices; in parts where one matrix takes long.
pub(crate) fn parts(gpu: &Gpu, factors: &Factors, solution: &Solution, count: usize) -> Vec<Part> {
    let kind = kind(factors, solution);
    let mut begin = 0;
    let part = |(end, flops): (usize, u64)| Part { dispatches: std::mem::replace(&mut begin, end)..end, kind, flops };
    pace::parts(&dispatches(factors, solution, count), gpu.pace().allowed(kind)).into_iter().map(part).collect()
}

impl Part {
    /// Records it.
    pub(crate) fn record(
        &self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        on_device: (&System, &Factors, &Solution),
        matrices: Range<usize>,
    ) {
        record_some(gpu, encoder, on_device, matrices, self.dispatches.clone());
    }

    /// It is about to be submitted.
    pub(crate) fn begun(&self) -> Begun {
        Begun::now(self.kind, self.flops)
    }
}

/// Does some parts, one after another.
pub(crate) async fn submit_parts(
    gpu: &Gpu,
    parts: &[Part],
    on_device: (&System, &Factors, &Solution),
    matrices: &Range<usize>,
) -> Result<()> {
    for part in parts {
        let scope = gpu.scope();
        let mut encoder = gpu.encoder("ridgepath.chunk.part");
        part.record(gpu, &mut encoder, on_device, matrices.clone());
        let begun = part.begun();
        gpu.submit(encoder);
        scope.finish("a part of a factor").await?;
        transfer::finish(gpu, transfer::submitted(gpu)).await?;
        gpu.pace().ended(begun);
    }
    Ok(())
}
