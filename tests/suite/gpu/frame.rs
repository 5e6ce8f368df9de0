//! Stage `frame`: rows as they were given to rows that are squared, alone and in the whole Gram matrix.

use std::ops::Range;
use std::panic::AssertUnwindSafe;

use nalgebra::DMatrix;
use ridgepath::gpu::frame::{Buffers, Params, columns, record};
use ridgepath::gpu::{self, wgpu};
use ridgepath::{Backend, Form, Framed, Gpu, GramPlan, Moments, Plan, Precision, Problem, Request, Rows, Shape, View};

use crate::support::{Random, download, gpu};

/// On both sides of a tile's edges, and of two.
const SIZES: [usize; 7] = [1, 2, 31, 32, 33, 64, 65];
/// Columns of X that lie so many of their spreads away from zero, in turns.
const OFFSETS: [f64; 5] = [0.0, 1.0, -1e6, 1e6, 300.0];

/// In the arithmetic of both where shaders have 64-bit floats.
fn precisions(gpu: &Gpu) -> Vec<Precision> {
    let double = gpu.adapter().limits.shader_f64.then_some(Precision::Double);
    std::iter::once(Precision::Single).chain(double).collect()
}

/// Columns that spread about 1 and lie up to 10⁶ from zero, in numbers of 32 bits; every seventh is constant.
fn offset_columns(seed: u64, m: usize, n: usize) -> DMatrix<f32> {
    let mut random = Random::new(seed);
    DMatrix::from_fn(m, n, |_, j| {
        let away = if j % 7 == 6 { 0.0 } else { random.next() };
        (OFFSETS[j % OFFSETS.len()] + away) as f32
    })
}

/// Weights whose largest lies in [1, 4), so that roots are in units of 1; some are 0.
fn weights(m: usize) -> Vec<f64> {
    (0..m).map(|row| [2.25, 0.0, 0.3, 1.7, 1e-3][row % 5]).collect()
}

/// The elements of a matrix in the order asked for.
fn ordered<T: nalgebra::Scalar>(matrix: &DMatrix<T>, by_columns: bool) -> Vec<T> {
    if by_columns { matrix.as_slice().to_vec() } else { matrix.transpose().as_slice().to_vec() }
}

/// Bytes of values, filled up to 16.
fn section<T: bytemuck::NoUninit>(values: &[T]) -> Vec<u8> {
    let mut bytes: Vec<u8> = bytemuck::cast_slice(values).to_vec();
    bytes.resize(bytes.len().next_multiple_of(16), 0xff);
    bytes
}

/// The rows of X and Y, of elements of 32 or 64 bits, framed on the device.
fn on_gpu(
    gpu: &Gpu,
    rows: &Framed<'_>,
    precision: Precision,
    [x, y]: [&DMatrix<f32>; 2],
    (by_columns, wide): (bool, bool),
    roots: Option<&[f64]>,
) -> DMatrix<f64> {
    let (m, n, t) = (x.nrows(), x.ncols(), y.ncols());
    let stride = (n + t).next_multiple_of(4);
    let bytes = |matrix: &DMatrix<f32>| match wide {
        true => section(&ordered(&matrix.map(f64::from), by_columns)),
        false => section(&ordered(matrix, by_columns)),
    };
    let (x_bytes, y_bytes) = (bytes(x), bytes(y));
    let roots_begin = x_bytes.len() + y_bytes.len();
    let root_bytes = match precision {
        Precision::Single => section(&roots.unwrap_or_default().iter().map(|v| *v as f32).collect::<Vec<f32>>()),
        Precision::Double => section(roots.unwrap_or_default()),
    };
    let given = [&x_bytes[..], &y_bytes, &root_bytes].concat();
    let size = if precision == Precision::Single { 4 } else { 8 };
    let buffer = |bytes: u64| {
        gpu.device().create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes.next_multiple_of(16),
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        })
    };
    let (block, framed) = (buffer(given.len() as u64), buffer((m * stride * size) as u64));
    gpu.queue().write_buffer(&block, 0, &given);
    // What is not written stays NaN.
    gpu.queue().write_buffer(&framed, 0, &vec![0xff; m * stride * size]);
    let element = if wide { 8 } else { 4 };
    let params = Params {
        rows: m as u32,
        stride: stride as u32,
        by_columns: by_columns.into(),
        wide: wide.into(),
        first_root: (roots_begin / size) as u32,
        weighted: roots.is_some().into(),
        ..Params::default()
    };
    let along = |columns: usize| if by_columns { 1 } else { columns as u32 };
    let across = if by_columns { m } else { 1 };
    let both = [
        Params { columns: n as u32, end: n as u32, down: along(n), across: across as u32, ..params },
        Params {
            columns: t as u32,
            down: along(t),
            across: across as u32,
            first: n as u32,
            end: stride as u32,
            begin: (x_bytes.len() / element) as u32,
            ..params
        },
    ];
    let columns = columns(gpu, rows, precision, n + t);
    let mut encoder = gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let given = || block.as_entire_buffer_binding();
    let buffers = Buffers { given: [given(), given()], roots: given(), columns: &columns, framed: &framed };
    record(gpu, &mut encoder, precision, both, buffers);
    gpu.queue().submit([encoder.finish()]);
    match precision {
        Precision::Single => {
            let found: Vec<f32> = download(gpu, &framed, m * stride);
            DMatrix::from_row_iterator(m, stride, found.into_iter().map(f64::from))
        }
        Precision::Double => DMatrix::from_row_iterator(m, stride, download::<f64>(gpu, &framed, m * stride)),
    }
}

/// Holds framed rows against those of the host: in double precision the same numbers; in single rounded where they are made, in a
/// product, and in a root, and off by what pairs of 24 bits lose of numbers below 2.
#[track_caller]
fn assert_framed(found: &DMatrix<f64>, rows: &Framed<'_>, roots: &[f64], precision: Precision, context: &str) {
    let (m, q) = (roots.len(), rows.exponents().len());
    for j in 0..found.ncols() {
        let wanted = if j < q { rows.column(0..m, j) } else { vec![0.0; m] };
        for (row, root) in roots.iter().enumerate() {
            let (found, wanted) = (found[(row, j)], wanted[row] * root);
            let bound = match precision {
                Precision::Single => 2.0 * f64::from(f32::EPSILON) * wanted.abs() + 2f64.powi(-44),
                Precision::Double => 0.0,
            };
            let within = (found - wanted).abs() <= bound;
            assert!(within, "{context}: ({row}, {j}) is {found}, wanted {wanted} ± {bound}");
        }
    }
}

#[test]
fn framed_rows_are_those_of_the_host_at_every_tile_edge() {
    let Some(gpu) = gpu() else { return };
    for (seed, m) in SIZES.into_iter().enumerate() {
        for n in SIZES {
            let t = [1, 2, 34][(m + n) % 3];
            let (x, y) = (offset_columns(seed as u64, m, n), offset_columns(99, m, t));
            let weights = weights(m);
            let unweighted = Problem::new(&x, &y).unwrap();
            let weighted = unweighted.clone().with_weights(&weights).unwrap();
            let roots: Vec<f64> = weights.iter().map(|s| s.sqrt()).collect();
            for (problem, roots) in [(unweighted, None), (weighted, Some(&roots[..]))] {
                let rows = Framed::centred(&problem).unwrap();
                for precision in precisions(&gpu) {
                    for (by_columns, wide) in [(false, false), (true, false), (false, true), (true, true)] {
                        if wide && precision == Precision::Single {
                            continue;
                        }
                        let found = on_gpu(&gpu, &rows, precision, [&x, &y], (by_columns, wide), roots);
                        let context = format!("{m}×({n} + {t}), {precision}, by columns {by_columns}, wide {wide}");
                        let ones = vec![1.0; m];
                        assert_framed(&found, &rows, roots.unwrap_or(&ones), precision, &context);
                    }
                }
            }
        }
    }
}

#[test]
fn a_row_far_from_all_others_that_is_the_heaviest_costs_no_digits() {
    let Some(gpu) = gpu() else { return };
    let m = 50;
    let x = DMatrix::from_fn(m, 3, |row, j| {
        let own = ((row * (j + 3)) as f32).sin();
        if row == 7 { 1e6 * (j as f32 - 1.5) } else { own }
    });
    let y = offset_columns(3, m, 1);
    let weights: Vec<f64> = (0..m).map(|row| if row == 7 { 1.5 } else { 1.0 }).collect();
    let problem = Problem::new(&x, &y).unwrap().with_weights(&weights).unwrap();
    let rows = Framed::centred(&problem).unwrap();
    let roots: Vec<f64> = weights.iter().map(|s| s.sqrt()).collect();
    for precision in precisions(&gpu) {
        let found = on_gpu(&gpu, &rows, precision, [&x, &y], (true, false), Some(&roots));
        assert_framed(&found, &rows, &roots, precision, "an outlier");
    }
}

#[test]
fn the_comparison_of_framed_rows_can_fail() {
    let (x, y) = (offset_columns(1, 40, 5), offset_columns(2, 40, 1));
    let problem = Problem::new(&x, &y).unwrap();
    let rows = Framed::centred(&problem).unwrap();
    let mut found = DMatrix::from_fn(40, 8, |row, j| if j < 6 { rows.column(row..row + 1, j)[0] } else { 0.0 });
    let ones = vec![1.0; 40];
    assert_framed(&found, &rows, &ones, Precision::Double, "the host's own");
    // As a difference of numbers around 10⁶ in single precision would be.
    found[(3, 2)] += 1e-2;
    let caught = std::panic::catch_unwind(AssertUnwindSafe(|| {
        assert_framed(&found, &rows, &ones, Precision::Single, "control");
    }));
    assert!(caught.is_err(), "a number off by 1e-2 must be seen");
}

/// A container of another's.
struct Elsewhere(DMatrix<f64>, bool);

impl Rows for Elsewhere {
    fn rows(&self) -> usize {
        self.0.nrows()
    }

    fn columns(&self) -> usize {
        self.0.ncols()
    }

    fn read(&self, rows: Range<usize>, columns: Range<usize>, to: &mut [f64]) {
        let block = self.0.view((rows.start, columns.start), (rows.len(), columns.len())).into_owned();
        to.copy_from_slice(block.as_slice());
    }

    fn by_columns(&self) -> bool {
        self.1
    }

    fn replayable(&self) -> bool {
        true
    }
}

fn plan(gpu: &Gpu, x: View<'_>, y: View<'_>, bytes: [usize; 2], precision: Precision, memory_budget: u64) -> GramPlan {
    let shape = Shape { rows: x.rows(), features: x.columns(), targets: y.columns(), penalties: 1, problems: 1 };
    let request = Request { backend: Backend::Gpu, form: Some(Form::Primal), ..Request::default() };
    let request = Request { precision, memory_budget, element_bytes: bytes, ..request };
    let plan = Plan::new(shape, request, Some(Ok(gpu.adapter().limits))).unwrap();
    plan.gpu.unwrap().gram.expect("the device forms it")
}

fn moments(gpu: &Gpu, problem: &Problem<'_>, plan: &GramPlan) -> Moments {
    pollster::block_on(gpu::gram::gram(gpu, problem, plan)).expect("moments")
}

#[test]
fn the_bits_of_a_gram_do_not_depend_on_the_layout_of_the_rows_or_who_holds_them() {
    let Some(gpu) = gpu() else { return };
    for (m, n, t) in [(70, 9, 2), (1300, 33, 1), (257, 64, 5)] {
        let (x, y) = (offset_columns(4, m, n), offset_columns(5, m, t));
        let (x64, y64) = (x.map(f64::from), y.map(f64::from));
        let weights = weights(m);
        let along = ordered(&x64, false);
        let spaced: Vec<f64> =
            along.chunks(n).flat_map(|row| row.iter().flat_map(|v| [*v, f64::NAN]).chain([f64::NAN; 3])).collect();
        let elsewhere = [Elsewhere(x64.clone(), false), Elsewhere(x64.clone(), true)];
        let (along32, spaced32) = (ordered(&x, false), spaced.iter().map(|v| *v as f32).collect::<Vec<f32>>());
        let double: [View<'_>; 5] = [
            View::row_major(&along, m, n).unwrap(),
            (&x64).into(),
            View::strided(&spaced, m, n, 2 * n + 3, 2).unwrap(),
            View::of(&elsewhere[0]).unwrap(),
            View::of(&elsewhere[1]).unwrap(),
        ];
        let single: [View<'_>; 3] = [
            View::row_major(&along32, m, n).unwrap(),
            (&x).into(),
            View::strided(&spaced32, m, n, 2 * n + 3, 2).unwrap(),
        ];
        for precision in precisions(&gpu) {
            // In single precision numbers of 64 bits are centred before they are rounded, by the host.
            let groups: &[(usize, &[View<'_>])] = &[(8, &double), (4, &single)];
            let mut wanted: Option<Moments> = None;
            for (bytes, views) in groups {
                if precision == Precision::Single {
                    wanted = None;
                }
                for (number, x) in views.iter().enumerate() {
                    for (targets, y_bytes) in [(View::from(&y64), 8), (View::from(&y), 4)] {
                        if precision == Precision::Single && y_bytes != *bytes {
                            continue;
                        }
                        let problem = Problem::new(*x, targets).unwrap().with_weights(&weights).unwrap();
                        let plan = plan(&gpu, *x, targets, [*bytes, y_bytes], precision, 1 << 30);
                        assert_eq!(plan.given.is_some(), precision == Precision::Double || *bytes == 4);
                        let found = moments(&gpu, &problem, &plan);
                        let wanted = wanted.get_or_insert_with(|| found.clone());
                        assert!(found == *wanted, "{m}×{n}, {precision}, {bytes} bytes, view {number}, Y {y_bytes}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_bits_of_a_gram_do_not_depend_on_the_blocks_in_which_rows_are_given() {
    let Some(gpu) = gpu() else { return };
    for (m, n) in [(1, 1), (257, 3), (5000, 10), (3000, 130)] {
        let (x, y) = (offset_columns(6, m, n), offset_columns(7, m, 2));
        let weights = weights(m);
        let problem = Problem::new(&x, &y).unwrap().with_weights(&weights).unwrap();
        for precision in precisions(&gpu) {
            let of = |budget| moments(&gpu, &problem, &plan(&gpu, (&x).into(), (&y).into(), [4, 4], precision, budget));
            let whole = of(1 << 30);
            for budget in [0, 100_000, 3_000_000] {
                assert!(of(budget) == whole, "m {m}, n {n}, {precision}, {budget} bytes");
            }
        }
    }
}

#[test]
fn targets_given_in_double_beside_features_in_single_are_framed_by_the_host() {
    let Some(gpu) = gpu() else { return };
    let (x, y) = (offset_columns(8, 700, 20), offset_columns(9, 700, 3).map(f64::from));
    let weights = weights(700);
    let problem = Problem::new(&x, &y).unwrap().with_weights(&weights).unwrap();
    let plan = plan(&gpu, (&x).into(), (&y).into(), [4, 8], Precision::Single, 1 << 30);
    let found = moments(&gpu, &problem, &plan);
    let wanted = ridgepath::cpu::gram::gram::<f64>(&problem).unwrap();
    for i in 0..20 {
        let norm = wanted.gram(i, i).sqrt();
        for target in 0..3 {
            let bound = 64.0 * f64::from(f32::EPSILON) * norm * wanted.sum_of_squares(target).sqrt();
            let error = (found.cross(i, target) - wanted.cross(i, target)).abs();
            assert!(error <= bound, "({i}, {target}): {error}, allowed {bound}");
        }
    }
}

#[test]
fn columns_out_of_the_range_of_the_device_have_the_digits_of_the_host() {
    let Some(gpu) = gpu() else { return };
    for (scale, precision) in [(2f64.powi(-1000), Precision::Double), (2f64.powi(-110), Precision::Single)] {
        if !precisions(&gpu).contains(&precision) {
            continue;
        }
        let x = offset_columns(10, 300, 5).map(|value| f64::from(value) * scale);
        let y = offset_columns(11, 300, 1).map(f64::from);
        let x32 = x.map(|value| value as f32);
        let view = if precision == Precision::Single { View::from(&x32) } else { View::from(&x) };
        let problem = Problem::new(view, &y).unwrap();
        let bytes = if precision == Precision::Single { [4, 8] } else { [8, 8] };
        let found = moments(&gpu, &problem, &plan(&gpu, view, (&y).into(), bytes, precision, 1 << 30));
        let wanted = ridgepath::cpu::gram::gram::<f64>(&problem).unwrap();
        for j in 0..5 {
            let (found, wanted) = (found.cross(j, 0) / scale, wanted.cross(j, 0) / scale);
            assert!((found - wanted).abs() <= 1e-3, "{precision}: {found}, wanted {wanted}");
        }
    }
}
