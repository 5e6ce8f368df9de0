//! Paths from the caller's buffers to the caller's buffers.

use nalgebra::DMatrix;
use ridgepath::gpu::report::{NOT_FINITE, Report};
use ridgepath::gpu::{MatrixBuffer, MomentsBuffers, Recorder, RowBuffers, WeightBuffers, wgpu};
use ridgepath::{Backend, Error, Gpu, Model, Moments, Problem, Ridge, RidgePath, Shape, Standardize, cpu};

use super::devices::{own_device, uploaded};
use crate::support::{Random, gpu};

const EPSILON: f64 = f32::EPSILON as f64;

/// What columns spread about.
const SCALES: [f64; 5] = [0.004, 0.06, 1.0, 16.0, 250.0];

/// How X and Y lie in their buffers.
#[derive(Debug, Clone, Copy)]
enum Layout {
    Rows,
    Columns,
    /// Rows with NaN between them and before the first.
    Spaced,
}

/// A matrix in a buffer of its own.
struct Laid {
    buffer: wgpu::Buffer,
    offset: usize,
    strides: [usize; 2],
}

impl Laid {
    fn new(gpu: &Gpu, matrix: &DMatrix<f32>, layout: Layout) -> Self {
        let (m, n) = matrix.shape();
        let (offset, strides) = match layout {
            Layout::Rows => (0, [n, 1]),
            Layout::Columns => (0, [1, m]),
            Layout::Spaced => (7, [2 * n + 3, 2]),
        };
        let mut values = vec![f32::NAN; offset + m * strides[0].max(1) + n * strides[1]];
        for i in 0..m {
            for j in 0..n {
                values[offset + i * strides[0] + j * strides[1]] = matrix[(i, j)];
            }
        }
        Self { buffer: uploaded(gpu, &values), offset, strides }
    }

    fn matrix(&self) -> MatrixBuffer<'_> {
        let [row_stride, column_stride] = self.strides;
        MatrixBuffer { buffer: &self.buffer, offset: self.offset, row_stride, column_stride }
    }
}

/// Columns that lie up to 10⁵ of their spreads from zero, each fourth constant, and targets that depend on them.
fn rows(seed: u64, m: usize, n: usize, t: usize) -> (DMatrix<f32>, DMatrix<f32>) {
    let mut random = Random::new(seed);
    let away = [0.0, 3.0, -1e5, 7.0, 40.0];
    let own = DMatrix::from_fn(m, n, |_, j| if n > 3 && j % 4 == 3 { 0.0 } else { random.next() });
    let truth = random.matrix(n, t);
    let noise = random.matrix(m, t);
    let y = &own * truth + noise * 0.1;
    let x = own.map_with_location(|_, j, value| (SCALES[j % 5] * (value + away[j % 5])) as f32);
    (x, y.map_with_location(|_, target, value| (value + 10.0 * target as f64) as f32))
}

/// Weights of which some are 0.
fn weights(m: usize) -> Vec<f32> {
    (0..m).map(|row| [0.0, 2.25, 0.3, 1.7, 0.01][row % 5]).collect()
}

struct Recorded {
    moments: Moments,
    weights: Vec<f32>,
    reports: Vec<Report>,
}

/// Buffers for what is found.
async fn buffers(gpu: &Gpu, [n, t, k]: [usize; 3]) -> (MomentsBuffers, WeightBuffers) {
    let moments = MomentsBuffers::new(gpu, n, t).await.expect("room");
    (moments, WeightBuffers::new(gpu, n, t, k).await.expect("room"))
}

/// What one encoder makes of rows.
fn recorded(
    gpu: &Gpu,
    [x, y]: [&DMatrix<f32>; 2],
    weights: Option<&[f32]>,
    layout: Layout,
    (model, factors): (Model, Option<&[f64]>),
    (lambdas, memory_budget): (&[f32], u64),
) -> Recorded {
    let (m, n, t, k) = (x.nrows(), x.ncols(), y.ncols(), lambdas.len());
    let shape = Shape { rows: m, features: n, targets: t, penalties: k, problems: 1 };
    pollster::block_on(async {
        let mut recorder = Recorder::new(gpu, shape, model, memory_budget).await.expect("room");
        if let Some(factors) = factors {
            recorder = recorder.penalty_factors(factors).expect("usable");
        }
        let (x, y) = (Laid::new(gpu, x, layout), Laid::new(gpu, y, layout));
        let (weight_buffer, lambdas) = (weights.map(|weights| uploaded(gpu, weights)), uploaded(gpu, lambdas));
        let (moments, answers) = buffers(gpu, [n, t, k]).await;
        let rows = RowBuffers { x: x.matrix(), y: y.matrix(), weights: weight_buffer.as_ref() };
        let mut encoder = gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        recorder.record(&mut encoder, &rows, &moments, &lambdas, &answers).expect("recorded");
        gpu.queue().submit([encoder.finish()]);
        let (weights, reports) = answers.fetch(gpu, n, t, k).await.expect("weights");
        Recorded { moments: moments.fetch(gpu).await.expect("moments"), weights, reports }
    })
}

/// The path of the same rows in double precision on the CPU.
fn wanted(
    [x, y]: [&DMatrix<f32>; 2],
    weights: Option<&[f32]>,
    (model, factors): (Model, Option<&[f64]>),
    lambdas: &[f32],
) -> RidgePath {
    let lambdas: Vec<f64> = lambdas.iter().map(|lambda| f64::from(*lambda)).collect();
    let ridge = Ridge::new().backend(Backend::Cpu).lambdas(lambdas);
    let ridge = ridge.intercept(model.intercept).standardize(model.standardize);
    let ridge = match weights {
        Some(weights) => ridge.weights(weights.iter().map(|own| f64::from(*own)).collect::<Vec<_>>()),
        None => ridge,
    };
    let ridge = match factors {
        Some(factors) => ridge.penalty_factors(factors),
        None => ridge,
    };
    ridge.fit(x, y).expect("a path")
}

/// Coefficients are as good as 32-bit floats allow of equations of this condition number, on the scale on which columns have norm 1.
fn assert_weights(
    found: &Recorded,
    wanted: &RidgePath,
    x: &DMatrix<f32>,
    weights: Option<&[f32]>,
    intercept: bool,
    context: &str,
) {
    let (n, t) = (x.ncols(), wanted.targets());
    let norm = |j: usize| {
        let by = |row: usize| weights.map_or(1.0, |weights| f64::from(weights[row]));
        let all: f64 = (0..x.nrows()).map(by).sum();
        let value = |row: usize| if by(row) > 0.0 { f64::from(x[(row, j)]) } else { 0.0 };
        let mean = if intercept { (0..x.nrows()).map(|row| by(row) * value(row)).sum::<f64>() / all } else { 0.0 };
        (0..x.nrows()).map(|row| by(row) * (value(row) - mean).powi(2)).sum::<f64>().sqrt()
    };
    let norms: Vec<f64> = (0..n).map(norm).collect();
    for k in 0..wanted.len() {
        let Report { status, condition } = found.reports[k];
        assert_eq!(status, 0, "{context}, λ number {k}");
        assert!(condition >= 1.0 && f64::from(condition) <= 1e6, "{context}: {condition}");
        for target in 0..t {
            let own = &found.weights[(k * t + target) * (n + 1)..][..n + 1];
            let scaled = |values: &mut dyn Iterator<Item = f64>| -> Vec<f64> {
                values.zip(&norms).map(|(value, norm)| value * norm).collect()
            };
            let right = scaled(&mut wanted.coefficients(k, target).iter().copied());
            let left = scaled(&mut own[..n].iter().map(|value| f64::from(*value)));
            let size = right.iter().map(|value| value * value).sum::<f64>().sqrt();
            let error = left.iter().zip(&right).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            // The condition number is estimated from below, by a factor of 10 at the most; sums and factors round a few times.
            let bound = 40.0 * f64::from(condition) * EPSILON * (size + 1e-30);
            assert!(error <= bound, "{context}, λ number {k}, target {target}: {error:e}, allowed {bound:e}");
            // What the coefficients lack, the means multiply.
            let means: f64 = (0..n)
                .map(|j| {
                    let mean = found.moments.mean_x(j).abs();
                    let lacks = if norms[j] > 0.0 { bound / norms[j] } else { 0.0 };
                    mean * (lacks + EPSILON * wanted.coefficients(k, target)[j].abs())
                })
                .sum();
            let allowed = 40.0 * (means + EPSILON * found.moments.mean_y(target).abs());
            let error = (f64::from(own[n]) - wanted.intercept(k, target)).abs();
            assert!(error <= allowed, "{context}, intercept {k}, {target}: {error:e}, allowed {allowed:e}");
        }
    }
}

/// Moments within the rounding of 32-bit floats of those of the CPU.
fn assert_moments(found: &Moments, wanted: &Moments, context: &str) {
    let (n, t) = (wanted.features(), wanted.targets());
    let relative = |found: f64, wanted: f64, by: f64| {
        assert!((found - wanted).abs() <= 100.0 * EPSILON * by, "{context}: {found:e}, wanted {wanted:e} of {by:e}");
    };
    relative(found.weight_sum(), wanted.weight_sum(), wanted.weight_sum());
    let norm = |j: usize| wanted.gram(j, j).sqrt();
    for j in 0..n {
        let spread = norm(j) / wanted.weight_sum().sqrt();
        relative(found.mean_x(j), wanted.mean_x(j), spread);
        for i in j..n {
            relative(found.gram(i, j), wanted.gram(i, j), norm(i) * norm(j));
        }
        for target in 0..t {
            relative(found.cross(j, target), wanted.cross(j, target), norm(j) * wanted.sum_of_squares(target).sqrt());
        }
    }
    for target in 0..t {
        relative(found.sum_of_squares(target), wanted.sum_of_squares(target), wanted.sum_of_squares(target));
        let spread = (wanted.sum_of_squares(target) / wanted.weight_sum()).sqrt();
        relative(found.mean_y(target), wanted.mean_y(target), spread);
    }
}

#[test]
fn moments_and_weights_are_those_of_the_cpu_within_the_rounding_of_32_bits() {
    let Some(gpu) = gpu() else { return };
    let models = [
        Model::default(),
        Model { intercept: false, standardize: Standardize::No },
        Model { intercept: true, standardize: Standardize::Population },
        Model { intercept: true, standardize: Standardize::Sample },
    ];
    let layouts = [Layout::Rows, Layout::Columns, Layout::Spaced];
    let sizes =
        [(1, 1, 1), (40, 1, 1), (70, 5, 2), (600, 33, 1), (300, 64, 3), (300, 65, 5), (1500, 130, 1), (900, 20, 40)];
    for (seed, (m, n, t)) in sizes.into_iter().enumerate() {
        let (mut x, mut y) = rows(seed as u64, m, n, t);
        let weights = if m > 1 { Some(weights(m)) } else { None };
        for (number, model) in models.into_iter().enumerate() {
            let own = weights.as_deref().filter(|_| number % 2 == 1 || seed % 2 == 1);
            if let (Some(own), true) = (own, number > 0) {
                // What does not count may be anything.
                (0..m).filter(|row| own[*row] == 0.0).for_each(|row| {
                    x.row_mut(row).fill(1e9);
                    y.row_mut(row).fill(-1e9);
                });
            }
            // Without an intercept columns far from zero are all but one: no arithmetic of 32 bits tells them apart.
            let near = |j: usize| {
                if model.intercept { 0.0 } else { (0.3 * SCALES[j % 5] - f64::from(x[(1.min(m - 1), j)])) as f32 }
            };
            let shifted = x.map_with_location(|_, j, value| value + near(j));
            let factors: Option<Vec<f64>> = (number == 2).then(|| (0..n).map(|j| 0.5 + j as f64).collect());
            // Relative to the variance of the columns where these are not standardised.
            let lambdas = [1e5f32, 1e3, 30.0, 3.0];
            let asked = (model, factors.as_deref());
            for layout in layouts {
                let found = recorded(&gpu, [&shifted, &y], own, layout, asked, (&lambdas, 1 << 30));
                let context = format!("{m}×({n} + {t}), {model:?}, {layout:?}, weights {}", own.is_some());
                let all: Option<Vec<f64>> = own.map(|own| own.iter().map(|s| f64::from(*s)).collect());
                let problem = Problem::new(&shifted, &y).unwrap();
                let problem = match &all {
                    Some(all) => problem.with_weights(all).unwrap(),
                    None => problem,
                };
                assert_moments(&found.moments, &cpu::gram::gram::<f64>(&problem).unwrap(), &context);
                let wanted = wanted([&shifted, &y], own, asked, &lambdas);
                assert_weights(&found, &wanted, &shifted, own, model.intercept, &context);
            }
        }
    }
}

#[test]
fn the_comparison_of_weights_can_fail() {
    let Some(gpu) = gpu() else { return };
    let (x, y) = rows(3, 100, 6, 1);
    let asked = (Model { intercept: true, standardize: Standardize::Population }, None);
    let mut found = recorded(&gpu, [&x, &y], None, Layout::Rows, asked, (&[1.0], 1 << 30));
    let wanted = wanted([&x, &y], None, asked, &[1.0]);
    assert_weights(&found, &wanted, &x, None, true, "as it is");
    found.weights[0] *= 1.0 + 1e-3;
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        assert_weights(&found, &wanted, &x, None, true, "control");
    }));
    assert!(caught.is_err(), "a coefficient off by 1e-3 must be seen");
}

#[test]
fn more_than_one_binding_holds_is_refused_by_name() {
    let Some((device, queue)) = own_device(|limits| limits.max_storage_buffer_binding_size = 1 << 20) else { return };
    let gpu = Gpu::from_device(device, queue);
    pollster::block_on(async {
        let refused = WeightBuffers::new(&gpu, 100, 1, 10_000).await.map(|_| ()).unwrap_err();
        assert!(matches!(refused, Error::TooLarge { needed: 4_040_000, limit: 1_048_576, .. }), "{refused}");
        let refused = MomentsBuffers::new(&gpu, 1000, 1).await.map(|_| ()).unwrap_err();
        assert!(matches!(refused, Error::TooLarge { .. }), "{refused}");
        let shape = Shape { rows: 10, features: 3, targets: 1, penalties: 2, problems: 1 };
        let recorder = Recorder::new(&gpu, shape, Model::default(), 1 << 20).await.unwrap();
        let (moments, answers) = buffers(&gpu, [3, 1, 2]).await;
        // λs at the beginning of a buffer of much else.
        let lambdas = uploaded(&gpu, &vec![1.0f32; 300_000]);
        let mut encoder = gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let refused = recorder.record_weights(&mut encoder, &moments, &lambdas, &answers).unwrap_err();
        assert!(matches!(refused, Error::TooLarge { what: "the buffer of λs", needed: 1_200_000, .. }), "{refused}");
    });
}

#[test]
fn the_bits_do_not_depend_on_the_blocks_of_rows_or_of_lambdas() {
    let Some(gpu) = gpu() else { return };
    for (m, n, t) in [(5000, 10, 2), (3000, 70, 1)] {
        let (x, y) = rows(11, m, n, t);
        let weights = weights(m);
        let lambdas: Vec<f32> = (0..60).map(|i| 1e3 * 0.8f32.powi(i)).collect();
        let bits = |memory_budget| {
            let asked = (Model::default(), None);
            let own = recorded(&gpu, [&x, &y], Some(&weights), Layout::Rows, asked, (&lambdas, memory_budget));
            own.weights.iter().map(|value| value.to_bits()).collect::<Vec<_>>()
        };
        let whole = bits(1 << 30);
        assert!(bits(0) == whole && bits(300_000) == whole, "{m}×{n}");
    }
}

#[test]
fn what_has_no_answer_is_reported_and_spoils_no_other() {
    let Some(gpu) = gpu() else { return };
    let (mut x, y) = rows(5, 50, 6, 1);
    // Column 4 is column 1, twice as large.
    let copy = x.column(1) * 2.0;
    x.set_column(4, &copy);
    let asked = (Model { intercept: true, standardize: Standardize::Population }, None);
    let lambdas = [1.0f32, -1.0, 0.0, f32::NAN, 10.0, f32::INFINITY];
    let found = recorded(&gpu, [&x, &y], None, Layout::Rows, asked, (&lambdas, 1 << 30));
    let status: Vec<u32> = found.reports.iter().map(|report| report.status).collect();
    // Of columns 3, which is constant, and 4 the first is named.
    assert_eq!(status, [0, NOT_FINITE, 4, NOT_FINITE, 0, NOT_FINITE]);
    let wanted = wanted([&x, &y], None, asked, &[1.0, 10.0]);
    for (at, k) in [(0, 0), (4, 1)] {
        let error = (f64::from(found.weights[at * 7]) - wanted.coefficients(k, 0)[0]).abs();
        assert!(error <= 1e-4 * wanted.coefficients(k, 0)[0].abs(), "λ number {at}");
    }
    for (row, value) in [(0, f32::NAN), (17, f32::INFINITY)] {
        let mut broken = x.clone();
        broken[(row, 2)] = value;
        let laid = [Laid::new(&gpu, &broken, Layout::Rows), Laid::new(&gpu, &y, Layout::Rows)];
        let reports = pollster::block_on(async {
            let shape = Shape { rows: 50, features: 6, targets: 1, penalties: 1, problems: 1 };
            let recorder = Recorder::new(&gpu, shape, Model::default(), 1 << 30).await.unwrap();
            let (moments, answers) = buffers(&gpu, [6, 1, 1]).await;
            let rows = RowBuffers { x: laid[0].matrix(), y: laid[1].matrix(), weights: None };
            let mut encoder = gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            recorder.record(&mut encoder, &rows, &moments, &uploaded(&gpu, &[1.0f32]), &answers).unwrap();
            gpu.queue().submit([encoder.finish()]);
            assert!(matches!(moments.fetch(&gpu).await, Err(Error::Overflow { .. })));
            answers.fetch(&gpu, 6, 1, 1).await.unwrap().1
        });
        assert_eq!(reports[0].status, NOT_FINITE, "{value} in row {row}");
    }
}

#[test]
fn moments_of_the_host_serve_as_well_as_those_of_rows_on_the_device() {
    let Some(gpu) = gpu() else { return };
    let (x, y) = rows(8, 200, 9, 2);
    let problem = Problem::new(&x, &y).unwrap();
    let moments = cpu::gram::gram::<f64>(&problem).unwrap();
    let lambdas = [100.0f32, 1.0];
    let shape = Shape { rows: 200, features: 9, targets: 2, penalties: 2, problems: 1 };
    let found = pollster::block_on(async {
        let recorder = Recorder::new(&gpu, shape, Model::default(), 1 << 30).await.unwrap();
        let (held, answers) = buffers(&gpu, [9, 2, 2]).await;
        held.upload(&gpu, &moments).unwrap();
        assert_moments(&held.fetch(&gpu).await.unwrap(), &moments, "there and back");
        let mut encoder = gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        recorder.record_weights(&mut encoder, &held, &uploaded(&gpu, &lambdas), &answers).unwrap();
        gpu.queue().submit([encoder.finish()]);
        let (weights, reports) = answers.fetch(&gpu, 9, 2, 2).await.unwrap();
        Recorded { moments: held.fetch(&gpu).await.unwrap(), weights, reports }
    });
    let wanted = wanted([&x, &y], None, (Model::default(), None), &lambdas);
    assert_weights(&found, &wanted, &x, None, true, "moments of the host");
    let far = (DMatrix::from_fn(5, 1, |i, _| 1e60 * i as f64), DMatrix::from_element(5, 1, 1.0));
    let far = cpu::gram::gram::<f64>(&Problem::new(&far.0, &far.1).unwrap()).unwrap();
    let refused = pollster::block_on(MomentsBuffers::new(&gpu, 1, 1)).unwrap().upload(&gpu, &far);
    assert!(matches!(refused, Err(Error::Overflow { .. })), "{refused:?}");
}

#[test]
fn buffers_that_do_not_serve_are_refused_by_name() {
    let Some(gpu) = gpu() else { return };
    let shape = Shape { rows: 10, features: 3, targets: 1, penalties: 2, problems: 1 };
    let recorder = pollster::block_on(Recorder::new(&gpu, shape, Model::default(), 1 << 30)).unwrap();
    let good = |count: usize| uploaded(&gpu, &vec![1.0f32; count]);
    let (x, short, y, lambdas) = (good(30), good(29), good(10), good(2));
    let (moments, answers) = pollster::block_on(buffers(&gpu, [3, 1, 2]));
    let unusable = gpu.device().create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: 120,
        usage: wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let try_rows = |x: &wgpu::Buffer, weights: Option<&wgpu::Buffer>, moments: &MomentsBuffers| {
        let rows = RowBuffers { x: MatrixBuffer::row_major(x, 3), y: MatrixBuffer::column_major(&y, 10), weights };
        let mut encoder = gpu.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        recorder.record(&mut encoder, &rows, moments, &lambdas, &answers).map_err(|error| error.to_string())
    };
    assert_eq!(try_rows(&x, None, &moments), Ok(()));
    let refused = try_rows(&short, None, &moments).unwrap_err();
    assert_eq!(refused, "bytes of the buffer of X: found 116, wanted 120");
    let refused = try_rows(&x, Some(&lambdas), &moments).unwrap_err();
    assert_eq!(refused, "bytes of the buffer of the rows' weights: found 8, wanted 40");
    let refused = try_rows(&unusable, None, &moments).unwrap_err();
    assert!(refused.contains("the buffer of X has the usage BufferUsages(COPY_DST), wanted"), "{refused}");
    let others = pollster::block_on(MomentsBuffers::new(&gpu, 4, 1)).unwrap();
    let refused = try_rows(&x, None, &others).unwrap_err();
    assert_eq!(refused, "features of the moments in buffers: found 4, wanted 3");
    let factors = |factors: &[f64]| {
        let recorder = pollster::block_on(Recorder::new(&gpu, shape, Model::default(), 1 << 30)).unwrap();
        recorder.penalty_factors(factors).map(|_| ()).unwrap_err()
    };
    assert!(matches!(factors(&[1.0]), Error::Shape { found: 1, wanted: 3, .. }));
    assert!(matches!(factors(&[1.0, -1.0, 1.0]), Error::InvalidPenalty { index: 1, .. }));
    assert!(matches!(factors(&[1.0, 1.0, 1e-300]), Error::InvalidPenalty { index: 2, .. }));
}
