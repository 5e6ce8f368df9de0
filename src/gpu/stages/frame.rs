//! Stage `frame` on the GPU: rows as they were given to rows as they are squared. It has two shaders, for one with 64-bit floats is
//! refused by devices that lack them: `frame.wgsl` and `frame_double.wgsl`, of one `Params`.

use std::mem::offset_of;

use crate::data::framed::Framed;
use crate::gpu::context::Gpu;
use crate::gpu::kernel::{Binding, Spec};
use crate::math::scalar::Scalar;
use crate::model::method::Precision;
use crate::plan::gpu::schedule;

const TILES: &[(&str, u32)] = &[("TILE", 32)];
const _: () = assert!(TILES[0].1 as usize == schedule::FRAME_TILE);

/// Exponents of columns that pairs of `f32` centre without overflow, and without loss to subnormal numbers that would count.
pub(crate) const SINGLE: std::ops::Range<i32> = -80..121;

/// The contract of the shader in single precision.
pub const SPEC: Spec = Spec {
    stage: "frame",
    source: include_str!("../../../shaders/frame.wgsl"),
    entries: &["frame"],
    wide: None,
    bindings: &[Binding::read("given"), Binding::read("roots"), Binding::read("columns"), Binding::written("framed")],
    params: PARAMS,
    constants: TILES,
};

/// The contract of the shader in double precision.
pub const DOUBLE: Spec = Spec {
    stage: "frame_double",
    source: include_str!("../../../shaders/frame_double.wgsl"),
    entries: &["frame_double"],
    wide: None,
    bindings: &[
        Binding::read("given"),
        Binding::read("given_wide"),
        Binding::read("roots"),
        Binding::read("columns"),
        Binding::written("framed"),
    ],
    params: PARAMS,
    constants: TILES,
};

const PARAMS: (&[(&str, usize)], usize) = (
    &[
        ("rows", offset_of!(Params, rows)),
        ("columns", offset_of!(Params, columns)),
        ("first", offset_of!(Params, first)),
        ("end", offset_of!(Params, end)),
        ("stride", offset_of!(Params, stride)),
        ("begin", offset_of!(Params, begin)),
        ("down", offset_of!(Params, down)),
        ("across", offset_of!(Params, across)),
        ("by_columns", offset_of!(Params, by_columns)),
        ("wide", offset_of!(Params, wide)),
        ("first_root", offset_of!(Params, first_root)),
        ("weighted", offset_of!(Params, weighted)),
        ("zero", offset_of!(Params, zero)),
    ],
    size_of::<Params>(),
);

/// X or Y of one block of rows; the members are described in the shaders.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// Rows of the block.
    pub rows: u32,
    /// Columns of the matrix.
    pub columns: u32,
    /// The column of [X | Y] that is its first.
    pub first: u32,
    /// Columns from `first` + `columns` up to this one are filled with zeros.
    pub end: u32,
    /// Elements from one row of [X | Y] to the next.
    pub stride: u32,
    /// The element where the matrix begins, counted in its own type.
    pub begin: u32,
    /// Elements of the matrix from one row to the next.
    pub down: u32,
    /// Elements of the matrix from one column to the next.
    pub across: u32,
    /// 1 where its columns lie along the memory, 0 where its rows do.
    pub by_columns: u32,
    /// 1 for elements of 64 bits, which only the shader in double precision reads.
    pub wide: u32,
    /// The element of the roots that is the first row's, counted in the type of the arithmetic.
    pub first_root: u32,
    /// 0 where there are no weights, 1 where their roots are given; in single precision 2 where they are given themselves.
    pub weighted: u32,
    /// 0.
    pub zero: u32,
}

/// The shader's storage buffers.
#[derive(Debug, Clone)]
pub struct Buffers<'a> {
    /// X and Y of a block of rows.
    pub given: [wgpu::BufferBinding<'a>; 2],
    /// The roots of the weights; any buffer where there are none.
    pub roots: wgpu::BufferBinding<'a>,
    /// How each column is centred and scaled, as [`columns`] has it.
    pub columns: &'a wgpu::Buffer,
    /// The block of rows of [X | Y].
    pub framed: &'a wgpu::Buffer,
}

/// How the columns of [X | Y] are centred and scaled in this arithmetic, on the device. In single precision, columns from `framed`
/// on are so already.
#[must_use]
pub fn columns(gpu: &Gpu, rows: &Framed<'_>, precision: Precision, framed: usize) -> wgpu::Buffer {
    let centrings = rows.centrings();
    match precision {
        Precision::Double => uploaded(gpu, &centrings),
        Precision::Single => {
            let column = |[origin, offset, inverse]: [f64; 3]| {
                let high = f32::round_from(offset);
                [origin, high.into(), offset - f64::from(high), inverse].map(f32::round_from)
            };
            let mut columns: Vec<[f32; 4]> = centrings.into_iter().map(column).collect();
            columns[framed..].fill([0.0, 0.0, 0.0, 1.0]);
            uploaded(gpu, &columns)
        }
    }
}

fn uploaded<T: bytemuck::NoUninit>(gpu: &Gpu, values: &[T]) -> wgpu::Buffer {
    let buffer = gpu.storage("ridgepath.frame.columns", size_of_val(values) as u64);
    gpu.queue().write_buffer(&buffer, 0, bytemuck::cast_slice(values));
    buffer
}

/// The shader of this arithmetic.
pub(crate) fn spec(precision: Precision) -> &'static Spec {
    match precision {
        Precision::Single => &SPEC,
        Precision::Double => &DOUBLE,
    }
}

/// Records that X and Y of one block of rows are framed, in the arithmetic given.
pub fn record(
    gpu: &Gpu,
    encoder: &mut wgpu::CommandEncoder,
    precision: Precision,
    params: [Params; 2],
    buffers: Buffers<'_>,
) {
    let [x, y] = params;
    let [n, end, rows] = [x.columns, y.end, x.rows].map(|size| size as usize);
    let Buffers { given, roots, columns, framed } = buffers;
    let kernel = gpu.kernel(spec(precision));
    for ((params, given), dispatch) in params.into_iter().zip(given).zip(schedule::frame(precision, [n, end], rows)) {
        let rest = [roots.clone(), columns.as_entire_buffer_binding(), framed.as_entire_buffer_binding()];
        let twice = (precision == Precision::Double).then(|| given.clone());
        let buffers: Vec<_> = std::iter::once(given).chain(twice).chain(rest).collect();
        kernel.bind_parts(&[params], &buffers).record(encoder, &[dispatch]);
    }
}
