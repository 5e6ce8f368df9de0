//! Random regressions of every awkward kind, for the properties in `solve/random.rs`.

use nalgebra::DMatrix;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use ridgepath::{Ridge, RidgePath, Standardize, View};

use crate::support::Random;

/// What makes a regression; the numbers themselves come from the seed.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) seed: u64,
    pub(crate) rows: usize,
    pub(crate) features: usize,
    pub(crate) targets: usize,
    /// Each column is of the size 10^±(0 ..= wild).
    wild: i32,
    /// Largest offset of a column, relative to its spread.
    offset: f64,
    /// Out of 8 columns, how many are made of others or constant.
    degenerate: u64,
    weights: Weighting,
    pub(crate) intercept: bool,
    pub(crate) standardize: Standardize,
    pub(crate) lambdas: Vec<f64>,
    pub(crate) layout: usize,
}

#[derive(Debug, Clone, Copy)]
enum Weighting {
    None,
    Even,
    HalfZero,
    Wide,
}

const LAMBDAS: [f64; 9] = [0.0, 5e-324, 1e-300, 1e-100, 1e-10, 1.0, 1e10, 1e300, f64::MAX / 1e110];

pub(crate) fn cases() -> impl Strategy<Value = Case> {
    let shape = (any::<u64>(), 1..=40usize, 1..=20usize, 1..=4usize);
    let scale = (prop_oneof![Just(0), Just(3), Just(140)], prop_oneof![Just(0.0), Just(1.0), Just(1e8)]);
    let weights =
        prop_oneof![Just(Weighting::None), Just(Weighting::Even), Just(Weighting::HalfZero), Just(Weighting::Wide)];
    let standardize = prop_oneof![Just(Standardize::No), Just(Standardize::Population), Just(Standardize::Sample)];
    let lambdas = prop::collection::vec(prop::sample::select(LAMBDAS.to_vec()), 1..6);
    let rest = (0..5u64, weights, any::<bool>(), standardize, lambdas, 0..3usize);
    (shape, scale, rest).prop_map(|(shape, scale, rest)| Case {
        seed: shape.0,
        rows: shape.1,
        features: shape.2,
        targets: shape.3,
        wild: scale.0,
        offset: scale.1,
        degenerate: rest.0,
        weights: rest.1,
        intercept: rest.2,
        standardize: rest.3,
        lambdas: rest.4,
        layout: rest.5,
    })
}

/// Runs a property on this many cases, the same ones each time; with `RIDGEPATH_RANDOM=number` on 20 times as many others.
#[track_caller]
pub(crate) fn for_all<S: Strategy>(count: u32, strategy: S, property: impl Fn(S::Value)) {
    let other = std::env::var("RIDGEPATH_RANDOM").ok().map(|seed| seed.parse().expect("RIDGEPATH_RANDOM is a number"));
    let config = ProptestConfig {
        cases: if other.is_some() { 20 * count } else { count },
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(other.unwrap_or(20_040_401)),
        max_shrink_iters: 500,
        ..ProptestConfig::default()
    };
    let run = TestRunner::new(config).run(&strategy, |value| {
        property(value);
        Ok(())
    });
    if let Err(error) = run {
        panic!("{error}");
    }
}

/// X, Y and the weights of a case.
pub(crate) struct Data {
    pub(crate) x: DMatrix<f64>,
    pub(crate) y: DMatrix<f64>,
    pub(crate) weights: Option<Vec<f64>>,
}

impl Case {
    /// Of the same kind, within the range of f32.
    pub(crate) fn tame(self) -> Self {
        Self { wild: self.wild.min(3), ..self }
    }

    /// Of the same kind, with sizes whose squares times weights and penalties are in the range of f64.
    pub(crate) fn moderate(mut self) -> Self {
        self.lambdas.iter_mut().for_each(|lambda| *lambda = lambda.min(1e100));
        Self { wild: self.wild.min(40), ..self }
    }

    /// The same settings for data of other rows.
    pub(crate) fn with_rows(self, rows: usize) -> Self {
        Self { rows, ..self }
    }

    pub(crate) fn data(&self) -> Data {
        let (m, n, t) = (self.rows, self.features, self.targets);
        let mut random = Random::new(self.seed);
        let wild = f64::from(self.wild);
        let mut x = random.matrix(m, n);
        let signal = random.matrix(n, t);
        let mut y = &x * signal + random.matrix(m, t) * random.next().abs();
        let mut scaled = |matrix: &mut DMatrix<f64>| {
            for j in 0..matrix.ncols() {
                let offset = self.offset * random.next();
                let scale = 10f64.powf((wild * random.next()).round());
                matrix.column_mut(j).apply(|value| *value = (*value + offset) * scale);
            }
        };
        scaled(&mut x);
        scaled(&mut y);
        let mut random = Random::new(self.seed ^ 1);
        for j in 1..n {
            if random.next().abs() * 8.0 >= self.degenerate as f64 {
                continue;
            }
            let other = x.column(j - 1).into_owned();
            let first = other[0];
            match (random.next().abs() * 4.0) as usize {
                0 => x.set_column(j, &other),
                1 => x.column_mut(j).fill(first),
                2 => x.set_column(j, &other.map(|value| value * (1.0 + 1e-9 * random.next()))),
                _ => x.set_column(j, &(other * -3.0)),
            }
        }
        let weights = match self.weights {
            Weighting::None => None,
            Weighting::Even => Some(random.weights(m)),
            Weighting::HalfZero => {
                let mut weights: Vec<f64> = random.weights(m).into_iter().map(|s| (s - 0.5).max(0.0)).collect();
                weights[m / 2] = 1.0;
                Some(weights)
            }
            Weighting::Wide => Some((0..m).map(|_| 10f64.powf(100.0 * random.next())).collect()),
        };
        Data { x, y, weights }
    }

    pub(crate) fn ridge(&self, data: &Data) -> Ridge {
        // As large as leaves 2Wλ finite.
        let total = data.weights.as_ref().map_or(self.rows as f64, |weights| weights.iter().sum());
        let lambdas: Vec<f64> = self.lambdas.iter().map(|lambda| lambda.min(f64::MAX / 4.0 / total)).collect();
        let ridge = Ridge::new().lambdas(lambdas).intercept(self.intercept).standardize(self.standardize);
        match &data.weights {
            Some(weights) => ridge.weights(weights.clone()),
            None => ridge,
        }
    }

    /// Fits X in the layout of the case.
    pub(crate) fn fit(&self, ridge: &Ridge, data: &Data) -> RidgePath {
        let (m, n) = (self.rows, self.features);
        let x = &data.x;
        let fitted = match self.layout {
            0 => ridge.fit(x, &data.y),
            1 => {
                let rows: Vec<f64> = (0..m * n).map(|at| x[(at / n, at % n)]).collect();
                ridge.fit(View::row_major(&rows, m, n).unwrap(), &data.y)
            }
            _ => {
                // Rows and columns apart, with NaN between them.
                let (down, across) = (2 * n + 3, 2);
                let mut values = vec![f64::NAN; m * down + n * across];
                (0..m * n).for_each(|at| values[at / n * down + at % n * across] = x[(at / n, at % n)]);
                ridge.fit(View::strided(&values, m, n, down, across).unwrap(), &data.y)
            }
        };
        fitted.unwrap_or_else(|error| panic!("{error}"))
    }

    /// √ of the diagonal of G + shift·D: the coefficients times these are about what the solver has in its units. In the dual
    /// form √D: the penalised scale.
    pub(crate) fn sizes(&self, data: &Data, shift: f64, dual: bool) -> Vec<f64> {
        let weights = data.weights.clone().unwrap_or_else(|| vec![1.0; self.rows]);
        let total: f64 = weights.iter().sum();
        let size = |j: usize| {
            let column = data.x.column(j);
            let first = column[weights.iter().position(|s| *s > 0.0).unwrap()];
            let rows = || column.iter().zip(&weights).filter(|(_, s)| **s > 0.0);
            let offset: f64 = rows().map(|(x, s)| (x - first) * (s / total)).sum();
            let centred = rows().fold(0.0, |sum: f64, (x, s)| sum.hypot((x - first - offset) * s.sqrt()));
            let mean = if self.intercept { 0.0 } else { (first + offset).abs() * total.sqrt() };
            let scale =
                if self.standardize == Standardize::No || centred == 0.0 { 1.0 } else { centred / total.sqrt() };
            if dual { scale } else { centred.hypot(mean).hypot(shift.sqrt() * scale) }
        };
        (0..self.features).map(size).collect()
    }
}

/// ‖a − b‖ / ‖b‖ of coefficients times these sizes; 0 where both vanish.
pub(crate) fn apart(a: &[f64], b: &[f64], sizes: &[f64]) -> f64 {
    let largest = b.iter().chain(a).zip(sizes.iter().cycle()).map(|(v, s)| (v * s).abs()).fold(0.0, f64::max);
    if largest == 0.0 {
        return 0.0;
    }
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let unit = |(v, s): (f64, &f64)| v * s / largest;
    norm(&mut a.iter().zip(b).map(|(a, b)| a - b).zip(sizes).map(unit))
        / norm(&mut b.iter().copied().zip(sizes).map(unit))
}
