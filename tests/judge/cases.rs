//! Small regressions of every awkward kind, each made by its number alone, and how one is made smaller.

use std::fmt;

/// Numbers that look random, the same for the same seed (`SplitMix64`).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `end` - 1.
    #[expect(clippy::cast_possible_truncation, reason = "the remainder is small")]
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// In (-1, 1).
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// A power of ten with an exponent from `least` to `most`.
    fn ten(&mut self, least: i32, most: i32) -> f64 {
        let exponent = least + i32::try_from(self.below(most.abs_diff(least) as usize + 1)).expect("small");
        10f64.powi(exponent)
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// True `percent` times in a hundred.
    fn often(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scaling {
    No,
    Population,
    Sample,
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) seed: u64,
    /// m rows of n numbers.
    pub(crate) x: Vec<Vec<f64>>,
    /// m rows of t numbers.
    pub(crate) y: Vec<Vec<f64>>,
    pub(crate) weights: Option<Vec<f64>>,
    pub(crate) intercept: bool,
    pub(crate) scaling: Scaling,
    pub(crate) factors: Option<Vec<f64>>,
    /// Whether the grid holds shifts, not λs.
    pub(crate) alphas: bool,
    pub(crate) grid: Vec<f64>,
    /// Rows to predict.
    pub(crate) new: Vec<Vec<f64>>,
    /// Folds of consecutive rows.
    pub(crate) folds: usize,
    /// Whether units of columns and targets, weights and penalty factors are all within 1e±6.
    pub(crate) ordinary: bool,
}

impl Case {
    pub(crate) fn rows(&self) -> usize {
        self.x.len()
    }

    pub(crate) fn features(&self) -> usize {
        self.x[0].len()
    }

    pub(crate) fn targets(&self) -> usize {
        self.y[0].len()
    }

    pub(crate) fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row])
    }

    /// The case of this number.
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed.wrapping_mul(0xa076_1d64_78bd_642f));
        let r = &mut random;
        let (m, n) = shape(r);
        let t = r.of(&[1, 1, 1, 2, 3]);
        let mut x = matrix(r, m, n);
        dependence(r, &mut x);
        let mut y = targets(r, &x, t);
        let sizes: &[f64] = r.of(&[&[1.0][..], &[1.0], &[1e-6, 1.0, 1e6], &[1e-150, 1.0, 1e150], &[1e150]]);
        let offsets: &[f64] = r.of(&[&[0.0][..], &[0.0], &[0.0], &[0.0, 1e3], &[1e6, 0.0], &[1e9], &[1e12, 0.0]]);
        scale(r, &mut x, sizes, offsets);
        let size = r.of(&[1.0, 1.0, 1.0, 1e-6, 1e6, 1e-150, 1e150]);
        let offset = r.of(&[0.0, 0.0, 0.0, 1e3, 1e6, 1e12]);
        scale(r, &mut y, &[size], &[offset]);
        let weights = weights(r, m);
        let factors = factors(r, n);
        // Penalties in the units of one of the columns, or as they are.
        let j = r.below(n);
        let unit =
            if r.often(70) { x.iter().map(|row| row[j] * row[j]).sum::<f64>().clamp(1e-280, 1e280) } else { 1.0 };
        let heaviest = weights.as_ref().map_or(1.0, |s: &Vec<f64>| s.iter().copied().fold(0.0, f64::max));
        let unit = (unit * heaviest).clamp(1e-280, 1e280);
        let mut grid: Vec<f64> = (0..1 + r.below(3)).map(|_| r.ten(-12, 6) * unit).collect();
        if r.often(40) {
            grid.push(0.0);
        }
        if r.often(5) {
            grid.push(r.of(&[1e-300, 1e250]));
        }
        let alphas = r.often(70);
        if !alphas {
            let total: f64 = weights.as_ref().map_or(m as f64, |s| s.iter().sum());
            grid.iter_mut().for_each(|value| *value = (*value / total).min(1e300 / total));
        }
        let within = |value: &f64| *value == 0.0 || (1e-6..=1e6).contains(&value.abs());
        let ordinary = sizes.iter().chain([&size]).chain(weights.iter().chain(&factors).flatten()).all(within)
            && grid.iter().all(|value| *value == 0.0 || (1e-30..1e60).contains(value));
        let new = (0..2).map(|_| (0..n).map(|j| x[r.below(m)][j] * (1.0 + 0.5 * r.unit())).collect()).collect();
        Self {
            seed,
            folds: (2 + r.below(2)).min(m),
            x,
            y,
            weights,
            intercept: r.often(70),
            scaling: r.of(&[Scaling::No, Scaling::No, Scaling::No, Scaling::Population, Scaling::Sample]),
            factors,
            alphas,
            grid,
            new,
            ordinary,
        }
    }

    /// By how many decades its numbers leave what is usual at most: of several cases the plainest tells the most.
    pub(crate) fn wildness(&self) -> usize {
        let rows = self.x.iter().chain(&self.y).flatten();
        let rest = self.weights.iter().chain(&self.factors).flatten().chain(&self.grid);
        let decades = |value: &f64| if *value == 0.0 { 0.0 } else { value.abs().log10().abs() };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "308 at most")]
        let most = rows.chain(rest).map(decades).fold(0.0, f64::max) as usize;
        most
    }

    /// Every case that is this one with one thing less.
    pub(crate) fn smaller(&self) -> Vec<Self> {
        let mut all = Vec::new();
        let mut with = |change: &dyn Fn(&mut Self)| {
            let mut own = self.clone();
            change(&mut own);
            own.folds = own.folds.min(own.rows());
            all.push(own);
        };
        if self.grid.len() > 1 {
            (0..self.grid.len()).for_each(|k| with(&|own| _ = own.grid.remove(k)));
        }
        if self.targets() > 1 {
            (0..self.targets()).for_each(|t| with(&|own| own.y.iter_mut().for_each(|row| _ = row.remove(t))));
        }
        if self.rows() > 2 {
            for i in 0..self.rows() {
                with(&|own| {
                    own.x.remove(i);
                    own.y.remove(i);
                    own.weights.iter_mut().for_each(|s| _ = s.remove(i));
                });
            }
        }
        if self.features() > 1 {
            for j in 0..self.features() {
                with(&|own| {
                    own.x.iter_mut().chain(&mut own.new).for_each(|row| _ = row.remove(j));
                    own.factors.iter_mut().for_each(|f| _ = f.remove(j));
                });
            }
        }
        if self.weights.is_some() {
            with(&|own| own.weights = None);
        }
        if self.factors.is_some() {
            with(&|own| own.factors = None);
        }
        if self.scaling != Scaling::No {
            with(&|own| own.scaling = Scaling::No);
        }
        if self.intercept {
            with(&|own| own.intercept = false);
        }
        all.retain(|own| (0..own.rows()).any(|row| own.weight(row) > 0.0));
        all
    }
}

/// Everything in full digits, as Rust has it.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "x: {:?}", self.x)?;
        writeln!(f, "y: {:?}", self.y)?;
        if let Some(weights) = &self.weights {
            writeln!(f, "weights: {weights:?}")?;
        }
        if let Some(factors) = &self.factors {
            writeln!(f, "penalty factors: {factors:?}")?;
        }
        let unit = if self.alphas { "alphas" } else { "lambdas" };
        write!(f, "{unit}: {:?}; intercept: {}; scaling: {:?}; ", self.grid, self.intercept, self.scaling)?;
        write!(f, "folds: {}; rows to predict: {:?}", self.folds, self.new)
    }
}

fn shape(r: &mut Random) -> (usize, usize) {
    match r.below(10) {
        0 => {
            let n = 1 + r.below(6);
            (n + 1, n) // saturated by an intercept
        }
        1 | 2 => (2 + r.below(4), 3 + r.below(5)),
        3 => (2 + r.below(11), 1 + r.below(9)),
        _ => (3 + r.below(6), 1 + r.below(4)),
    }
}

/// Whole numbers, quarters, or numbers of 53 bits.
fn matrix(r: &mut Random, m: usize, n: usize) -> Vec<Vec<f64>> {
    let kind = r.below(3);
    let mut number = || match kind {
        0 => r.below(19) as f64 - 9.0,
        1 => (r.below(81) as f64 - 40.0) / 4.0,
        _ => r.unit(),
    };
    (0..m).map(|_| (0..n).map(|_| number()).collect()).collect()
}

/// Makes a column of others, or constant, or nearly so, in half of the cases.
fn dependence(r: &mut Random, x: &mut [Vec<f64>]) {
    let n = x[0].len();
    if n == 1 && r.often(10) {
        x.iter_mut().for_each(|row| row[0] = 3.0);
    }
    if n == 1 || r.often(45) {
        return;
    }
    let (j, other) = (n - 1 - r.below(n - 1), 0);
    let third = r.below(n);
    let near = r.ten(-12, -3);
    let kind = r.below(6);
    for row in x.iter_mut() {
        row[j] = match kind {
            0 => row[other],
            1 if third != j => row[other] + row[third],
            1 => 2.0 * row[other],
            2 => 7.0,
            3 => 0.0,
            _ => row[other] + near * r.unit(),
        };
    }
}

fn targets(r: &mut Random, x: &[Vec<f64>], t: usize) -> Vec<Vec<f64>> {
    let (m, n) = (x.len(), x[0].len());
    let mut y = vec![Vec::with_capacity(t); m];
    for _ in 0..t {
        let w: Vec<f64> = (0..n).map(|_| r.below(9) as f64 - 4.0).collect();
        let kind = r.below(12);
        for (row, y) in x.iter().zip(&mut y) {
            let fitted: f64 = row.iter().zip(&w).map(|(x, w)| x * w).sum();
            y.push(match kind {
                0 => fitted + 2.0, // through every row, but for rounding
                1 => 5.0,
                2 | 3 => r.below(19) as f64 - 9.0,
                4 => fitted + 1e-6 * r.unit(),
                _ => fitted + r.unit(),
            });
        }
    }
    y
}

/// Every column times one of these, after one of these was added.
fn scale(r: &mut Random, matrix: &mut [Vec<f64>], sizes: &[f64], offsets: &[f64]) {
    for j in 0..matrix[0].len() {
        let (size, offset) = (r.of(sizes), r.of(offsets));
        matrix.iter_mut().for_each(|row| row[j] = (row[j] + offset) * size);
    }
}

fn weights(r: &mut Random, m: usize) -> Option<Vec<f64>> {
    let kind = r.below(12);
    let mut weights: Vec<f64> = match kind {
        0 | 1 => (0..m).map(|_| (1 + r.below(16)) as f64 / 8.0).collect(),
        2 => (0..m).map(|_| r.below(3) as f64).collect(),
        3 => (0..m).map(|_| r.unit().abs() + 0.01).collect(),
        4 => (0..m).map(|_| 1.0).collect(),
        5 => (0..m).map(|_| 10f64.powf(200.0 * r.unit())).collect(),
        _ => return None,
    };
    match kind {
        2 => weights[0] = 1.0,
        4 => weights[m / 2] = r.ten(3, 14),
        _ => (),
    }
    Some(weights)
}

fn factors(r: &mut Random, n: usize) -> Option<Vec<f64>> {
    let choices: &[f64] = match r.below(12) {
        0 | 1 => &[0.25, 1.0, 3.0],
        2 => &[1e-8, 1.0, 1e8],
        3 => &[0.0, 1.0],
        _ => return None,
    };
    Some((0..n).map(|_| r.of(choices)).collect())
}
