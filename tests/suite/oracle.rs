//! The exact answer of a small problem of doubles: coefficients, intercept and sum of squares as fractions of whole numbers.

use num_bigint::BigInt;

use crate::exact::{Float, nearest, parts, solve, twofold};

/// min Σ s(y − Xw − b)² + α Σ f·w² in doubles, which are taken as they are.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    /// Columns.
    pub(crate) x: Vec<Vec<f64>>,
    pub(crate) y: Vec<f64>,
    pub(crate) weights: Vec<f64>,
    pub(crate) factors: Vec<f64>,
    pub(crate) alpha: f64,
    pub(crate) intercept: bool,
}

/// Its answer. Numbers may be out of the range of doubles, as [`Float`]s are not.
pub(crate) struct Truth {
    /// Of each coefficient the nearest double, and what that lacks.
    w: Vec<[Float; 2]>,
    b: [Float; 2],
    pub(crate) rss: Float,
    /// `A_jj` and α·f of each feature.
    diagonal: Vec<[Float; 2]>,
}

impl Task {
    /// Σ s(y − Xw − b)² of these coefficients, with the b that is best beside them.
    pub(crate) fn rss(&self, w: &[f64]) -> f64 {
        let m = self.y.len();
        let (w, w_exponent) = integers(w);
        let columns: Vec<(Vec<BigInt>, i64)> = self.x.iter().map(|column| integers(column)).collect();
        let (y, y_exponent) = integers(&self.y);
        let (s, s_exponent) = integers(&self.weights);
        let least = columns.iter().map(|(_, e)| e + w_exponent).chain([y_exponent]).min().unwrap();
        let left = |i: usize| {
            let fitted: BigInt =
                columns.iter().zip(&w).map(|((x, e), w)| (&x[i] * w) << (e + w_exponent - least)).sum();
            (&y[i] << (y_exponent - least)) - fitted
        };
        let left: Vec<BigInt> = (0..m).map(left).collect();
        let total: BigInt = s.iter().sum();
        let sum: BigInt = left.iter().zip(&s).map(|(r, s)| r * s).sum();
        let squares: BigInt = left.iter().zip(&s).map(|(r, s)| r * r * s).sum();
        let top = if self.intercept { squares * &total - &sum * &sum } else { squares * &total };
        times(nearest(&top, &total), s_exponent + 2 * least).times_power(0)
    }
}

/// Doubles as whole numbers of one power of two.
fn integers(values: &[f64]) -> (Vec<BigInt>, i64) {
    let parts: Vec<(BigInt, i64)> = values.iter().map(|value| parts(*value)).collect();
    let least = parts.iter().filter(|(m, _)| m.bits() > 0).map(|(_, e)| *e).min().unwrap_or(0);
    (parts.into_iter().map(|(m, e)| if m.bits() == 0 { m } else { m << (e - least) }).collect(), least)
}

fn times(value: Float, e: i64) -> Float {
    Float { mantissa: value.mantissa, exponent: value.exponent + e }
}

/// ⌊log₂⌋
fn exponent(value: Float) -> i64 {
    let (mantissa, e) = parts(value.mantissa);
    i64::try_from(mantissa.bits()).unwrap() - 1 + e + value.exponent
}

impl Task {
    /// `None` where there is no unique answer.
    pub(crate) fn truth(&self) -> Option<Truth> {
        let (m, n) = (self.y.len(), self.x.len());
        let zero = BigInt::from(0);
        let (x, x_exponents): (Vec<_>, Vec<_>) = self.x.iter().map(|column| integers(column)).unzip();
        let (y, y_exponent) = integers(&self.y);
        let (s, s_exponent) = integers(&self.weights);
        let dot = |a: &[BigInt], b: &[BigInt]| (0..m).map(|i| &s[i] * &a[i] * &b[i]).sum::<BigInt>();
        let ones = vec![BigInt::from(1); m];
        let total = dot(&ones, &ones);
        let sums: Vec<BigInt> = x.iter().map(|column| dot(column, &ones)).collect();
        let sum_y = dot(&y, &ones);
        // W·G and W·c, of centred rows.
        let product = |a: &[BigInt], b: &[BigInt], sums: [&BigInt; 2]| match self.intercept {
            true => &total * dot(a, b) - sums[0] * sums[1],
            false => &total * dot(a, b),
        };
        let mut diagonal = Vec::new();
        let mut rows = Vec::new();
        for i in 0..n {
            let mut row: Vec<BigInt> = (0..n).map(|j| product(&x[i], &x[j], [&sums[i], &sums[j]])).collect();
            row.push(product(&x[i], &y, [&sums[i], &sum_y]));
            let unit = s_exponent + 2 * x_exponents[i];
            let own = times(nearest(&row[i], &total), unit);
            let ((alpha, e), (factor, more)) = (parts(self.alpha), parts(self.factors[i]));
            let mut added = &total * alpha * factor;
            diagonal.push([own, times(nearest(&added, &total), e + more)]);
            let e = e + more - unit;
            if added.bits() > 0 && e < 0 {
                row.iter_mut().for_each(|value| *value <<= e.unsigned_abs());
            } else {
                added <<= e.max(0).unsigned_abs();
            }
            row[i] += added;
            rows.push(row);
        }
        let (v, denominator) = solve(rows)?;
        let w =
            (0..n).map(|j| twofold(&v[j], &denominator).map(|own| times(own, y_exponent - x_exponents[j]))).collect();
        let explained: BigInt = sums.iter().zip(&v).map(|(sum, v)| sum * v).sum();
        // b of W·denominator.
        let top = if self.intercept { &sum_y * &denominator - explained } else { zero };
        let whole = &total * &denominator;
        let b = twofold(&top, &whole).map(|own| times(own, y_exponent));
        let residual = |i: usize| {
            let fitted: BigInt = (0..n).map(|j| &x[j][i] * &v[j]).sum();
            &y[i] * &whole - fitted * &total - &top
        };
        let squares: BigInt = (0..m).map(|i| (i, residual(i))).map(|(i, r)| &s[i] * &r * &r).sum();
        let rss = times(nearest(&squares, &(&whole * &whole)), s_exponent + 2 * y_exponent);
        Some(Truth { w, b, rss, diagonal })
    }
}

impl Truth {
    /// ‖w − w*‖ / ‖w*‖ in the units of the equations; in the dual form on the penalised scale.
    pub(crate) fn error(&self, w: &[f64], dual: bool) -> f64 {
        let unit = |j: usize| match (dual, self.diagonal[j]) {
            (true, [_, added]) => exponent(added) as f64 / 2.0 + (added_mantissa(added)).log2() / 2.0,
            (false, own) => {
                let held = own.into_iter().filter(|own| own.mantissa > 0.0);
                held.map(exponent).max().unwrap_or(0).div_euclid(2) as f64
            }
        };
        let away = |j: usize| {
            let [high, low] = self.w[j];
            // In units of the answer itself, or of what is there.
            let top = if high.mantissa == 0.0 { Float { mantissa: w[j], exponent: 0 } } else { high };
            let e = if top.mantissa == 0.0 { 0 } else { exponent(top) };
            let own = Float { mantissa: w[j], exponent: 0 }.times_power(-e);
            let left = (own - high.times_power(-e)) - low.times_power(-e);
            (left, high.times_power(-e), e as f64 + unit(j))
        };
        let all: Vec<(f64, f64, f64)> = (0..w.len()).map(away).collect();
        let most =
            all.iter().filter(|own| own.0 != 0.0 || own.1 != 0.0).map(|own| own.2).fold(f64::NEG_INFINITY, f64::max);
        let norm = |of: &dyn Fn(&(f64, f64, f64)) -> f64| {
            all.iter()
                .map(|own| if of(own) == 0.0 { 0.0 } else { (of(own) * (own.2 - most).exp2()).powi(2) })
                .sum::<f64>()
                .sqrt()
        };
        let (top, bottom) = (norm(&|own| own.0), norm(&|own| own.1));
        if top == 0.0 { 0.0 } else { top / bottom }
    }

    /// |b − b*|
    pub(crate) fn intercept_error(&self, b: f64) -> f64 {
        ((b - self.b[0].times_power(0)) - self.b[1].times_power(0)).abs()
    }
}

/// Of a number in [1, 2) times a power of two.
fn added_mantissa(value: Float) -> f64 {
    times(value, -exponent(value)).times_power(0)
}
