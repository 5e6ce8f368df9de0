//! Stage `residues`: the exact Gram matrix of rounded columns, against integers without limit.

use nalgebra::DMatrix;
use num_bigint::BigInt;
use ridgepath::{
    Backend, Form, Framed, Gpu, GramPlan, Limits, Moments, Penalty, Plan, Precision, Problem, Rates, Request, Ridge,
    Shape, View, cpu, gpu,
};

use crate::exact::{nearest, parts};
use crate::gpu::devices::own_device;
use crate::support::{EDGES, Random, distance, gpu, regression};

/// Moduli of the library's own plans.
const MODULI: usize = 16;

fn plan(gpu: &Gpu, problem: &Problem<'_>, moduli: usize, budget: u64) -> GramPlan {
    let sizes = [problem.rows(), problem.features(), problem.targets()];
    GramPlan::by_residues(sizes, moduli, gpu.adapter().limits, budget).expect("it fits the adapter")
}

fn summed(gpu: &Gpu, problem: &Problem<'_>, plan: &GramPlan) -> Moments {
    pollster::block_on(gpu::gram::gram(gpu, problem, plan)).expect("moments")
}

fn on_gpu(gpu: &Gpu, problem: &Problem<'_>) -> Moments {
    summed(gpu, problem, &plan(gpu, problem, MODULI, 1 << 30))
}

/// Exact sums of products of the columns of [X | Y], centred, scaled and weighted as doubles, each column as integers in units of
/// 2^`units`.
struct Exact {
    columns: Vec<Vec<BigInt>>,
    units: Vec<i64>,
    /// The exponent of the units of the sums beside those of the columns.
    weight: i64,
}

impl Exact {
    fn new(problem: &Problem<'_>, weights: &[f64]) -> Self {
        let rows = Framed::centred(problem).unwrap();
        // Weights in units of an even power of two.
        let heaviest = weights.iter().copied().fold(0.0, f64::max);
        let unit = (heaviest.log2().floor() as i32) & !1;
        let roots: Vec<f64> = weights.iter().map(|weight| (weight * 2f64.powi(-unit)).sqrt()).collect();
        let column = |j: usize| {
            let values = rows.column(0..weights.len(), j);
            let all: Vec<_> = values.iter().zip(&roots).map(|(value, root)| parts(value * root)).collect();
            let zero = BigInt::ZERO;
            let least = all.iter().filter(|(m, _)| *m != zero).map(|(_, e)| *e).min().unwrap_or(0);
            let whole = all.into_iter().map(|(m, e)| if m == zero { m } else { m << (e - least) as u64 });
            (whole.collect::<Vec<_>>(), least + i64::from(rows.exponents()[j]))
        };
        let (columns, units) = (0..problem.features() + problem.targets()).map(column).unzip();
        Self { columns, units, weight: unit.into() }
    }

    /// The sum of the products of two columns, in their units.
    fn sum(&self, i: usize, j: usize) -> BigInt {
        self.columns[i].iter().zip(&self.columns[j]).map(|(a, b)| a * b).sum()
    }

    /// How far `found` is from that sum, and that sum, in units of the root of both columns' squares.
    fn error(&self, found: f64, i: usize, j: usize) -> [f64; 2] {
        let sum = self.sum(i, j);
        let (mantissa, exponent) = parts(found);
        let up = exponent - self.units[i] - self.units[j] - self.weight;
        // At a common scale, low enough for both.
        let down = u64::try_from(-up).unwrap_or(0);
        let apart = (mantissa << u64::try_from(up).unwrap_or(0)) - (&sum << down);
        let squares = self.sum(i, i) * self.sum(j, j);
        if squares == BigInt::ZERO {
            return if apart == BigInt::ZERO { [0.0; 2] } else { [f64::INFINITY, 0.0] };
        }
        let root = |value: &BigInt, down: u64| nearest(&(value * value), &(&squares << down)).times_power(0).sqrt();
        [root(&apart, 2 * down), root(&sum, 0)]
    }

    /// The largest error of moments; fails where one is above what the rounding of columns to integers and of sums to doubles allows.
    #[track_caller]
    fn judge(&self, moments: &Moments, moduli: usize, context: &str) -> f64 {
        let (n, q, m) = (moments.features(), self.columns.len(), moments.rows() as f64);
        // A column's norm is 2^61 at least of 16 moduli, 2^53.5 of 14; rounding moves it by √m/2 at most. A part in a thousand for
        // the scale and the squares of rounding errors.
        let norm = 2f64.powf(match moduli {
            16 => 61.0,
            14 => 53.5,
            _ => panic!("{moduli} moduli"),
        });
        let mut worst = 0.0f64;
        for (i, j) in (0..q).flat_map(|i| (0..=i).map(move |j| (i, j))).filter(|(i, j)| *j < n || i == j) {
            let found = match (i < n, j < n) {
                (true, _) => moments.gram(i, j),
                (false, true) => moments.cross(j, i - n),
                (false, false) => moments.sum_of_squares(i - n),
            };
            let [error, size] = self.error(found, i, j);
            let bound = 1.001 * (m.sqrt() / norm + size * f64::EPSILON / 2.0);
            assert!(error <= bound, "{context}: ({i}, {j}) is off by {error:e}, bound {bound:e}");
            worst = worst.max(error);
        }
        worst
    }
}

/// The largest error of a problem's moments, relative to the diagonal.
#[track_caller]
fn worst(gpu: &Gpu, x: &DMatrix<f64>, y: &DMatrix<f64>, weights: Option<&[f64]>, context: &str) -> f64 {
    let ones = vec![1.0; x.nrows()];
    let problem = Problem::new(x, y).unwrap().with_weights(weights.unwrap_or(&ones)).unwrap();
    Exact::new(&problem, weights.unwrap_or(&ones)).judge(&on_gpu(gpu, &problem), MODULI, context)
}

#[test]
fn exact_sums_are_within_2e_15_of_the_diagonal_whatever_the_rows() {
    let Some(gpu) = gpu() else { return };
    for (seed, m) in [1, 2, 5, 63, 64, 65, 257, 4096, 4097, 65_535, 65_536, 65_537, 70_001].into_iter().enumerate() {
        let (x, y) = regression(seed as u64, m, 4, 2);
        let weights = Random::new(5).weights(m);
        for weights in [None, Some(weights.as_slice())] {
            let error = worst(&gpu, &x, &y, weights, &format!("{m} rows"));
            assert!(error <= 2e-15, "{m} rows: {error:e}");
        }
    }
}

#[test]
fn values_of_all_sizes_in_a_column_keep_the_bound() {
    let Some(gpu) = gpu() else { return };
    let mut random = Random::new(3);
    for m in [40, 3000, 66_000] {
        // Up to 2^±40, one value beyond all others, columns of far-away scales, offsets, constants, and weights as wide.
        let mut x = DMatrix::from_fn(m, 6, |_, _| random.next() * 2f64.powf(40.0 * random.next()));
        x[(m / 2, 0)] = 1e30;
        x.column_mut(1).scale_mut(1e-110);
        x.column_mut(2).scale_mut(1e110);
        x.column_mut(3).add_scalar_mut(1e9);
        x.column_mut(4).fill(0.1);
        let y = DMatrix::from_fn(m, 1, |i, _| x[(i, 5)] * 3.0 + random.next());
        let weights: Vec<f64> = (0..m).map(|_| 2f64.powf(30.0 * random.next())).collect();
        for weights in [None, Some(weights.as_slice())] {
            let error = worst(&gpu, &x, &y, weights, &format!("{m} rows"));
            assert!(error <= 2e-15, "{m} rows: {error:e}");
        }
        // All rows but one weigh next to nothing, and that one is the mean.
        let (x, y) = regression(9, m, 3, 1);
        let mut slight = vec![1e-140; m];
        slight[m / 3] = 1e140;
        assert!(worst(&gpu, &x, &y, Some(&slight), "slight weights") <= 2e-15);
    }
}

#[test]
fn fewer_moduli_have_the_error_that_is_said_and_not_that_of_more() {
    let Some(gpu) = gpu() else { return };
    let (x, y) = regression(7, 3000, 5, 1);
    let problem = Problem::new(&x, &y).unwrap();
    let exact = Exact::new(&problem, &vec![1.0; 3000]);
    let found = |moduli| exact.judge(&summed(&gpu, &problem, &plan(&gpu, &problem, moduli, 1 << 30)), moduli, "moduli");
    let (fewer, more) = (found(14), found(16));
    assert!(fewer < 2e-16 && more < 2e-16, "{fewer:e}, {more:e}");
    // Of columns that are all but orthogonal the rounding of the sum counts for nothing: that of the columns remains.
    let mut apart = Random::new(23).matrix(3000, 2);
    for mut column in apart.column_iter_mut() {
        let mean = column.mean();
        column.add_scalar_mut(-mean);
    }
    let share = apart.column(0).dot(&apart.column(1)) / apart.column(0).norm_squared();
    let along = apart.column(0) * share;
    apart.column_mut(1).axpy(-1.0, &along, 1.0);
    let problem = Problem::new(&apart, &y).unwrap();
    let exact = Exact::new(&problem, &vec![1.0; 3000]);
    let off = |moduli| {
        let moments = summed(&gpu, &problem, &plan(&gpu, &problem, moduli, 1 << 30));
        exact.error(moments.gram(1, 0), 1, 0)[0]
    };
    assert!(off(11) > 1e-14 && off(14) < 1e-15 && off(16) < 1e-17, "{:e}, {:e}, {:e}", off(11), off(14), off(16));
}

#[test]
fn exact_sums_agree_with_the_cpu_at_every_tile_edge() {
    let Some(gpu) = gpu() else { return };
    for (at, n) in EDGES.into_iter().enumerate() {
        for (m, t) in [(EDGES[(5 * at + 3) % EDGES.len()], [1, 2, 5][at % 3]), (70, 17), (130, 4)] {
            let (x, y) = regression(n as u64, m, n, t);
            let weights = Random::new(7).weights(m);
            let problem = Problem::new(&x, &y).unwrap().with_weights(&weights).unwrap();
            let (found, wanted) = (on_gpu(&gpu, &problem), cpu::gram::gram::<f64>(&problem).unwrap());
            // What the CPU loses.
            let bound = |a: f64, b: f64| (8.0 + (m as f64).sqrt()) * f64::EPSILON * (a * b).sqrt() + f64::MIN_POSITIVE;
            for i in 0..n {
                for j in 0..=i {
                    let off = (found.gram(i, j) - wanted.gram(i, j)).abs();
                    assert!(off <= bound(wanted.gram(i, i), wanted.gram(j, j)), "{m}, {n}, {t}: ({i}, {j}) by {off:e}");
                }
                for target in 0..t {
                    let off = (found.cross(i, target) - wanted.cross(i, target)).abs();
                    let bound = bound(wanted.gram(i, i), wanted.sum_of_squares(target));
                    assert!(off <= bound, "{m}, {n}, {t}: ({i}, target {target}) by {off:e}");
                }
            }
        }
    }
}

#[test]
fn exact_sums_have_the_same_bits_whatever_the_blocks_and_runs_of_rows() {
    let Some(gpu) = gpu() else { return };
    for (m, n, t) in [(1, 1, 1), (65, 3, 2), (1500, 10, 1), (3000, 130, 2), (3001, 64, 20), (70_000, 2, 1)] {
        let (x, y) = regression(3, m, n, t);
        let problem = Problem::new(&x, &y).unwrap();
        let whole = plan(&gpu, &problem, MODULI, 1 << 40);
        let wanted = summed(&gpu, &problem, &whole);
        for budget in [0, 1_000_000, 3_000_000] {
            let blocks = plan(&gpu, &problem, MODULI, budget);
            assert!(summed(&gpu, &problem, &blocks) == wanted, "{m} × {n}, {budget} bytes");
        }
        for run in [64, 128, 65_536] {
            let runs =
                GramPlan { rows_per_split: run, rows_per_chunk: 65_536, partial_bytes: 1 << 25, ..whole.clone() };
            if m.min(65_536).div_ceil(run) * MODULI * n.div_ceil(64).pow(2) * 4096 * 4 <= 1 << 25 {
                assert!(summed(&gpu, &problem, &runs) == wanted, "{m} × {n}, {run} rows a run");
            }
        }
    }
}

#[test]
fn the_largest_residues_of_the_longest_run_do_not_overflow() {
    let Some(gpu) = gpu() else { return };
    // ±(2⁵³ + 2⁷) as integers: the residue by 256 is −128 in every row, that by 255 is ±(2⁵ + 2⁷ − 255).
    let m = 65_536;
    let x = DMatrix::from_fn(m, 1, |row, _| (1.0 + 2f64.powi(-46)) * if row % 2 == 0 { 1.0 } else { -1.0 });
    let problem = Problem::new(&x, &x).unwrap();
    let own = GramPlan { rows_per_split: m, rows_per_chunk: m, ..plan(&gpu, &problem, MODULI, 1 << 40) };
    let found = summed(&gpu, &problem, &own);
    let exact = Exact::new(&problem, &vec![1.0; m]);
    assert!(exact.judge(&found, MODULI, "largest") <= 2f64.powi(-91), "the last digit of the square");
    assert_eq!(found.gram(0, 0), 65_536.0 * (1.0 + 2f64.powi(-45)));
}

#[test]
fn exact_sums_have_the_same_bits_whatever_the_order_of_the_rows() {
    let Some(gpu) = gpu() else { return };
    let (m, n) = (5000, 9);
    // Values, weights and their products of few digits, so that means are the same bits in any order, which doubles promise no more
    // than they do those of G. One row is the heaviest.
    let mut random = Random::new(17);
    let digits = |value: f64, bits: i32| (value * 2f64.powi(bits)).round() * 2f64.powi(-bits);
    let x = DMatrix::from_fn(m, n, |_, _| digits(random.next(), 18));
    let y = DMatrix::from_fn(m, 2, |_, _| digits(random.next(), 18));
    let weights: Vec<f64> =
        (0..m).map(|row| if row == 7 { 2.0 } else { digits(random.next().abs() + 0.1, 10) }).collect();
    let moments = |order: &[usize]| {
        let rows = |matrix: &DMatrix<f64>| matrix.select_rows(order);
        let weights: Vec<f64> = order.iter().map(|row| weights[*row]).collect();
        let (x, y) = (rows(&x), rows(&y));
        let problem = Problem::new(&x, &y).unwrap().with_weights(&weights).unwrap();
        (on_gpu(&gpu, &problem), cpu::gram::gram::<f64>(&problem).unwrap())
    };
    let given: Vec<usize> = (0..m).collect();
    let (wanted, doubles) = moments(&given);
    let mut differs = false;
    for stride in [m - 1, 1777, 3] {
        let order: Vec<usize> = (0..m).map(|row| (row * stride + 11) % m).collect();
        let (found, others) = moments(&order);
        assert!(found == wanted, "every {stride}th row");
        differs |= others != doubles;
    }
    assert!(differs, "sums of doubles depend on the order: the test sees it");
}

#[test]
fn the_judge_of_exact_sums_sees_a_last_bit() {
    let Some(gpu) = gpu() else { return };
    let (x, y) = regression(1, 65, 3, 1);
    let ones = vec![1.0; 65];
    let problem = Problem::new(&x, &y).unwrap();
    let exact = Exact::new(&problem, &ones);
    exact.judge(&on_gpu(&gpu, &problem), MODULI, "as it is");
    let mut spoilt = x.clone();
    spoilt[(64, 2)] *= 1.0 + 2e-14;
    let spoilt = on_gpu(&gpu, &Problem::new(&spoilt, &y).unwrap());
    assert!(std::panic::catch_unwind(|| exact.judge(&spoilt, MODULI, "control")).is_err());
}

/// A device whose shaders have no 64-bit floats.
fn without_f64() -> Option<Gpu> {
    let (device, queue) = own_device(|_| ())?;
    let gpu = Gpu::from_device(device, queue);
    assert!(!gpu.adapter().limits.shader_f64);
    Some(gpu)
}

#[test]
fn a_slow_host_leaves_sums_in_double_precision_to_a_device_without_64_bit_floats() {
    let Some(gpu) = without_f64() else { return };
    let rates = Rates { product: 1e5, cores: 1, ..Rates::default() };
    for (m, n, t) in [(300, 40, 2), (30, 90, 3)] {
        let (x, y) = regression(7, m, n, t);
        let shape = Shape { rows: m, features: n, targets: t, penalties: 20, problems: 1 };
        let request = Request { backend: Backend::Gpu, rates, ..Request::default() };
        let plan = Plan::new(shape, request, Some(Ok(gpu.adapter().limits))).unwrap();
        assert!(plan.explain().contains("gram       exact by 16 moduli"), "{}", plan.explain());
        assert_eq!(plan.form, if m > n { Form::Primal } else { Form::Dual });
        let ridge = Ridge::new().penalty(Penalty::Auto(20)).rates(rates);
        let cpu = ridge.clone().backend(Backend::Cpu).fit(&x, &y).unwrap();
        let ridge = ridge.backend(Backend::Gpu).gpu(gpu.clone());
        let path = ridge.fit(&x, &y).unwrap();
        assert_eq!((path.backend().name, path.backend().precision), (Backend::Gpu, Precision::Double));
        for budget in [0, 300_000] {
            assert!(ridge.clone().memory_budget(budget).fit(&x, &y).unwrap() == path, "{budget} bytes");
        }
        for (k, target) in (0..path.len()).flat_map(|k| (0..t).map(move |target| (k, target))) {
            let apart = distance(path.coefficients(k, target), cpu.coefficients(k, target));
            let told = path.error_bound(k, target) + cpu.error_bound(k, target);
            assert!(apart <= told.min(1e-11), "λ {k}, target {target}: {apart} > {told}");
        }
    }
}

#[test]
fn the_device_sums_by_residues_only_where_that_gains() {
    let gram = |shape: Shape, limits: Limits, rates: Rates| {
        let request = Request { backend: Backend::Gpu, rates, ..Request::default() };
        Plan::new(shape, request, Some(Ok(limits))).unwrap().gpu.unwrap().gram
    };
    let one = Rates { product: 1e10, cores: 1, ..Rates::default() };
    let large = Shape { rows: 50_000, features: 2000, targets: 1, penalties: 10, problems: 1 };
    let small = Shape { rows: 50_000, features: 20, ..large };
    let without = Limits { storage_binding: 1 << 30, buffer: 1 << 30, ..Limits::default() };
    let exact = |shape, limits, rates| gram(shape, limits, rates).is_some_and(|plan| plan.moduli == Some(16));
    assert!(exact(large, without, one), "a large matrix, a slow host");
    assert!(!exact(small, without, one), "few features");
    assert!(!exact(large, without, Rates { cores: 64, ..one }), "many cores");
    assert!(!exact(large, Limits { shader_f64: true, ..without }, one), "64-bit floats");
    assert!(!exact(Shape { features: 4000, ..large }, Limits::default(), one), "no room");
}

#[test]
fn plans_by_residues_count_what_they_do_and_fit() {
    let limits = Limits::default();
    for (m, n, t) in [(100_000, 512, 1), (5000, 2000, 3), (1_000_000, 64, 1), (300, 500, 100), (3, 1, 1)] {
        for budget in [0, 64 << 20, 1 << 30] {
            let plan = GramPlan::by_residues([m, n, t], MODULI, limits, budget).unwrap();
            let least = plan.rows_per_chunk == plan.rows_per_split;
            assert!(least || plan.bytes <= budget, "{plan:?}");
            let width = n.next_multiple_of(4) + t.next_multiple_of(4);
            assert_eq!(plan.row_stride, width);
            assert!(plan.rows_per_split.is_multiple_of(64) && plan.rows_per_split <= 65_536);
            assert!(plan.rows_per_chunk.is_multiple_of(plan.rows_per_split));
            assert!((plan.rows_per_chunk * width * MODULI) as u64 <= limits.storage_binding, "{plan:?}");
            assert!(
                plan.partial_bytes <= limits.storage_binding && (width * n * MODULI) as u64 <= limits.storage_binding
            );
            let blocks = m.div_ceil(plan.rows_per_chunk) as u64;
            let cross = t <= 16 && width.div_ceil(128) > n.div_ceil(128);
            assert!(plan.cost.dispatches == blocks * 3 || plan.cost.dispatches == blocks * 5, "{plan:?}");
            assert!(!cross || n <= 64 || plan.cost.dispatches == blocks * 5);
            assert!(plan.cost.flops / blocks <= 200_000_000_000);
        }
    }
    // One symmetric half, the tiles across the diagonal and the residues, for each modulus.
    let plan = GramPlan::by_residues([100_000, 512, 1], MODULI, limits, 1 << 40).unwrap();
    let whole = 16.0 * 2.0 * 100_000.0 * 512.0 * 512.0;
    let done = plan.cost.flops as f64 / whole;
    assert!((0.5..0.68).contains(&done), "{done} of the whole products");
    let refused = GramPlan::by_residues([100, 20_000, 1], MODULI, limits, 1 << 30).map_err(|error| error.to_string());
    assert!(refused.is_err_and(|error| error.contains("the Gram matrix")));
}

#[test]
fn views_of_any_layout_give_the_same_exact_sums() {
    let Some(gpu) = gpu() else { return };
    let (x, y) = regression(17, 70, 9, 2);
    let rows: Vec<f64> = x.transpose().as_slice().to_vec();
    let wanted = on_gpu(&gpu, &Problem::new(&x, &y).unwrap());
    let view = View::row_major(&rows, 70, 9).unwrap();
    assert!(on_gpu(&gpu, &Problem::new(view, &y).unwrap()) == wanted);
}
