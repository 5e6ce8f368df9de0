//! The data sets: measured ones, and ones made to be hard in one way each.

use crate::nist;
use crate::oracle::Oracle;

/// Rows, a target and the shifts to solve for.
pub(crate) struct Set {
    pub(crate) name: String,
    pub(crate) what: &'static str,
    pub(crate) intercept: bool,
    pub(crate) m: usize,
    pub(crate) n: usize,
    /// Row after row.
    pub(crate) x: Vec<f64>,
    pub(crate) y: Vec<f64>,
    pub(crate) shifts: Vec<f64>,
}

impl Set {
    /// Shifts from 0 to 10⁴ times the mean diagonal of the Gram matrix, rounded to a power of ten.
    pub(crate) fn new(
        name: impl Into<String>,
        what: &'static str,
        intercept: bool,
        n: usize,
        x: Vec<f64>,
        y: Vec<f64>,
    ) -> Self {
        let set = Self { name: name.into(), what, intercept, m: y.len(), n, x, y, shifts: Vec::new() };
        let diagonal = Oracle::new(&set).mean_diagonal();
        let power = if diagonal > 0.0 { diagonal.log10().round() } else { 0.0 };
        set.shifts_about(power)
    }

    fn shifts_about(mut self, power: f64) -> Self {
        // Read from text: powers of ten as everybody writes them.
        let ten = |by: f64| format!("1e{}", power + by).parse().expect("a number");
        self.shifts = [0.0].into_iter().chain([-12.0, -8.0, -4.0, 0.0, 4.0].map(ten)).collect();
        self
    }

    pub(crate) fn column(&self, j: usize) -> Vec<f64> {
        self.x.iter().skip(j).step_by(self.n).copied().collect()
    }
}

/// Numbers in [−1, 1), the same in every run.
struct Random(u64);

impl Random {
    #[expect(clippy::cast_precision_loss, reason = "53 bits are kept")]
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // The low bits of such a generator are poor; mixed, all 53 may be used.
        let mixed = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        ((mixed ^ (mixed >> 33)) >> 11) as f64 / 2f64.powi(52) - 1.0
    }

    fn many(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.next()).collect()
    }
}

pub(crate) fn all() -> Vec<Set> {
    let mut sets = vec![diabetes()];
    sets.extend(nist::all());
    sets.extend([4, 6, 8, 10, 12].map(hilbert));
    sets.extend([6, 10, 14].map(vandermonde));
    sets.extend(hostile());
    sets
}

fn diabetes() -> Set {
    let text = include_str!("../../data/diabetes.csv");
    let rows: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|cell| cell.parse().expect("a number")).collect())
        .collect();
    let n = rows[0].len() - 1;
    let x = rows.iter().flat_map(|row| &row[..n]).copied().collect();
    Set::new("diabetes", "442 patients, 10 measurements", true, n, x, rows.iter().map(|row| row[n]).collect())
}

fn hilbert(n: usize) -> Set {
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let x: Vec<f64> = (0..n * n).map(|at| 1.0 / (at / n + at % n + 1) as f64).collect();
    let y = x.chunks(n).map(|row| row.iter().sum()).collect();
    Set::new(format!("Hilbert {n}"), "1/(i + j − 1), y its row sums, no intercept", false, n, x, y)
}

fn vandermonde(n: usize) -> Set {
    let at: Vec<f64> = (0..24).map(|i| f64::from(i) / 23.0).collect();
    let x =
        at.iter().flat_map(|t| (0..n).scan(1.0, move |power, _| Some(std::mem::replace(power, *power * t)))).collect();
    let y = at.iter().map(|t| 1.0 / (1.0 + 25.0 * t * t)).collect();
    Set::new(
        format!("Vandermonde {n}"),
        "powers of 24 points in [0, 1], Runge's function, no intercept",
        false,
        n,
        x,
        y,
    )
}

/// Random rows changed by `change(row, values of the row)`, and a linear answer with noise.
fn changed(seed: u64, m: usize, n: usize, change: impl Fn(&mut [f64])) -> (Vec<f64>, Vec<f64>) {
    let mut random = Random(seed);
    let mut x = random.many(m * n);
    let y = x.chunks(n).map(|row| row.iter().sum::<f64>() + 0.1 * random.next()).collect();
    x.chunks_mut(n).for_each(change);
    (x, y)
}

fn hostile() -> Vec<Set> {
    let mut sets = Vec::new();
    for (name, what, by) in [
        (
            "columns × 1e±10",
            "columns of sizes from 1e−10 to 1e10; shifts about 1",
            ["1e-10", "1e-5", "1", "1e5", "1e10"],
        ),
        (
            "columns × 1e±100",
            "columns of sizes from 1e−100 to 1e100; shifts about 1",
            ["1e-100", "1e-50", "1", "1e50", "1e100"],
        ),
    ] {
        let by = by.map(|text| text.parse::<f64>().expect("a number"));
        let (x, y) = changed(1, 40, 5, |row| row.iter_mut().zip(by).for_each(|(value, by)| *value *= by));
        sets.push(Set::new(name, what, true, 5, x, y).shifts_about(0.0));
    }
    for apart in ["1e-4", "1e-6", "1e-8", "1e-10", "1e-12"] {
        let by: f64 = apart.parse().expect("a number");
        let (x, y) = changed(2, 50, 3, |row| row[1] = row[0] + by * row[1]);
        sets.push(Set::new(format!("{apart} apart"), "two columns that differ by that much", true, 3, x, y));
    }
    let far = |row: &mut [f64]| row[0] += 1e8;
    let (x, y) = changed(3, 50, 3, far);
    sets.push(Set::new("1e8 ± 1", "a column far from 0", true, 3, x, y));
    let (x, y) = changed(3, 50, 3, far);
    sets.push(Set::new("1e8 ± 1, as it is", "the same without an intercept", false, 3, x, y));
    let (x, y) = changed(4, 50, 3, |row| row.iter_mut().for_each(|value| *value += 1e8));
    sets.push(Set::new("three at 1e8 ± 1", "columns nearly parallel, no intercept", false, 3, x, y));
    let (x, y) = changed(5, 50, 3, |row| row[1] = 7.1);
    sets.push(Set::new("constant", "a constant column", true, 3, x, y));
    let (x, y) = changed(6, 50, 3, |row| row[2] = row[0]);
    sets.push(Set::new("duplicate", "a column twice", true, 3, x, y));
    let (x, y) = changed(7, 8, 20, |_| ());
    sets.push(Set::new("wide", "8 rows, 20 columns", true, 20, x, y));
    let (x, y) = changed(7, 8, 20, |row| row.iter_mut().for_each(|value| *value += 1.0));
    sets.push(Set::new("wide, as it is", "the same away from 0, without an intercept", false, 20, x, y));
    for apart in ["1e-3", "1e-6", "0"] {
        let by: f64 = apart.parse().expect("a number");
        let (mut x, y) = changed(10, 8, 20, |_| ());
        (0..20).for_each(|j| x[60 + j] = x[40 + j] + by * x[60 + j]);
        sets.push(Set::new(format!("wide, rows {apart} apart"), "two rows that differ by that much", true, 20, x, y));
    }
    let (x, y) = changed(11, 6, 14, |row| {
        row.iter_mut().zip((-3..=3).cycle()).for_each(|(value, power)| *value *= 10f64.powi(power));
    });
    sets.push(Set::new("wide, columns × 1e±3", "columns of sizes from 1e−3 to 1e3", true, 14, x, y));
    let hilbert: Vec<f64> = (0..6 * 12).map(|at| 1.0 / ((at / 12 + at % 12 + 1) as f64)).collect();
    let sums = hilbert.chunks(12).map(|row| row.iter().sum()).collect();
    sets.push(Set::new("wide Hilbert", "1/(i + j − 1), y its row sums, no intercept", false, 12, hilbert, sums));
    let (x, y) = changed(8, 1, 3, |_| ());
    sets.push(Set::new("one row", "which centring makes 0", true, 3, x.clone(), y.clone()));
    sets.push(Set::new("one row, as it is", "the same without an intercept", false, 3, x, y));
    let (x, y) = changed(9, 200, 60, |_| ());
    sets.push(Set::new("random 200 × 60", "uniform noise", true, 60, x, y));
    sets
}
