//! The exact twin: sums, coefficients and inverses of a case in integers.

use num_bigint::BigInt;

use crate::big::{Big, parts, unsigned};
use crate::cases::{Case, Scaling};
use crate::integers::{dot, independent, integers, solve};

/// A case in integers: column j of X in units of 2^`ex[j]`, y of 2^`ey[target]`, the weights of 2^`es`. Rows to predict
/// follow those of the case.
pub(crate) struct Data {
    pub(crate) rows: usize,
    pub(crate) x: Vec<Vec<BigInt>>,
    pub(crate) y: Vec<Vec<BigInt>>,
    pub(crate) s: Vec<BigInt>,
    pub(crate) ex: Vec<i64>,
    pub(crate) ey: Vec<i64>,
    pub(crate) es: i64,
    pub(crate) intercept: bool,
    scaling: Scaling,
}

impl Data {
    pub(crate) fn new(case: &Case) -> Self {
        let rows: Vec<&Vec<f64>> = case.x.iter().chain(&case.new).collect();
        let columns = |rows: &[&Vec<f64>], count: usize| -> (Vec<Vec<BigInt>>, Vec<i64>) {
            (0..count).map(|j| integers(&rows.iter().map(|row| row[j]).collect::<Vec<f64>>())).unzip()
        };
        let by_row = |columns: Vec<Vec<BigInt>>, rows: usize| {
            (0..rows).map(|i| columns.iter().map(|column| column[i].clone()).collect()).collect()
        };
        let (x, ex) = columns(&rows, case.features());
        let (y, ey) = columns(&case.y.iter().collect::<Vec<_>>(), case.targets());
        let weights: Vec<f64> = (0..case.rows()).map(|row| case.weight(row)).collect();
        let (s, es) = integers(&weights);
        let (x, y) = (by_row(x, rows.len()), by_row(y, case.rows()));
        Self { rows: case.rows(), x, y, s, ex, ey, es, intercept: case.intercept, scaling: case.scaling }
    }
}

/// What of a number is exact: mantissa · 2^exponent.
pub(crate) type Dyadic = (BigInt, i64);

/// The sums of some rows. With an intercept the products are centred, and `unit` = Σs times as large so that they stay integers.
pub(crate) struct Sums {
    pub(crate) unit: BigInt,
    /// Σs
    pub(crate) w: BigInt,
    /// Rows of positive weight.
    pub(crate) count: usize,
    pub(crate) gram: Vec<Vec<BigInt>>,
    /// A column for each target.
    pub(crate) cross: Vec<Vec<BigInt>>,
    pub(crate) squares: Vec<BigInt>,
    /// Σsx and Σsy.
    pub(crate) sx: Vec<BigInt>,
    pub(crate) sy: Vec<BigInt>,
    /// (Σs)² times the variance of each column.
    variance: Vec<BigInt>,
}

impl Sums {
    /// Of the rows that `of` takes.
    pub(crate) fn new(data: &Data, of: impl Fn(usize) -> bool) -> Self {
        let zero = BigInt::ZERO;
        let s: Vec<BigInt> = (0..data.rows).map(|i| if of(i) { data.s[i].clone() } else { zero.clone() }).collect();
        let column = |rows: &[Vec<BigInt>], j: usize| -> Vec<BigInt> {
            rows[..data.rows].iter().map(|row| row[j].clone()).collect()
        };
        let x: Vec<Vec<BigInt>> = (0..data.ex.len()).map(|j| column(&data.x, j)).collect();
        let y: Vec<Vec<BigInt>> = (0..data.ey.len()).map(|j| column(&data.y, j)).collect();
        // Of no rows nothing is divided by 0: without an intercept w = 0 fits them.
        let w = s.iter().sum::<BigInt>().max(BigInt::from(1));
        let weighted = |columns: &[Vec<BigInt>]| -> Vec<Vec<BigInt>> {
            columns.iter().map(|own| own.iter().zip(&s).map(|(x, s)| x * s).collect()).collect()
        };
        let (wx, wy) = (weighted(&x), weighted(&y));
        let sums = |columns: &[Vec<BigInt>]| -> Vec<BigInt> { columns.iter().map(|own| own.iter().sum()).collect() };
        let (sx, sy) = (sums(&wx), sums(&wy));
        let product = |plain: BigInt, a: &BigInt, b: &BigInt| if data.intercept { &w * plain - a * b } else { plain };
        let n = x.len();
        let gram = (0..n).map(|i| (0..n).map(|j| product(dot(&wx[i], &x[j]), &sx[i], &sx[j])).collect()).collect();
        let cross =
            (0..y.len()).map(|t| (0..n).map(|j| product(dot(&wx[j], &y[t]), &sx[j], &sy[t])).collect()).collect();
        let squares = (0..y.len()).map(|t| product(dot(&wy[t], &y[t]), &sy[t], &sy[t])).collect();
        let variance = (0..n).map(|j| &w * dot(&wx[j], &x[j]) - &sx[j] * &sx[j]).collect();
        let unit = if data.intercept { w.clone() } else { BigInt::from(1) };
        let count = s.iter().filter(|s| **s != zero).count();
        Self { unit, w, count, gram, cross, squares, sx, sy, variance }
    }

    /// A mean, in the units of its column.
    pub(crate) fn mean(&self, sum: &BigInt) -> Big {
        Big::ratio(sum, &self.w)
    }

    /// A sum of products in the units of the columns and weights.
    pub(crate) fn natural(&self, product: &BigInt) -> Big {
        Big::ratio(product, &self.unit)
    }
}

/// D with the factors: for each feature a fraction times a power of two, in the units of its column's square.
pub(crate) struct Penalty {
    top: Vec<BigInt>,
    bottom: Vec<BigInt>,
    exponent: Vec<i64>,
}

impl Penalty {
    pub(crate) fn new(data: &Data, sums: &Sums, factors: Option<&[f64]>) -> Self {
        let n = data.ex.len();
        let (mut top, mut bottom, mut exponent) = (Vec::new(), Vec::new(), Vec::new());
        for j in 0..n {
            let (factor, e) = factors.map_or((BigInt::from(1), 0), |factors| parts(factors[j]));
            let constant = sums.variance[j] == BigInt::ZERO;
            let (num, den, own) = match data.scaling {
                Scaling::Population if !constant => (sums.variance[j].clone(), &sums.w * &sums.w, 0),
                Scaling::Sample if !constant => {
                    (&sums.variance[j] * sums.count, &sums.w * &sums.w * (sums.count - 1), 0)
                }
                _ => (BigInt::from(1), BigInt::from(1), -2 * data.ex[j]),
            };
            top.push(num * factor);
            bottom.push(den);
            exponent.push(own + e);
        }
        Self { top, bottom, exponent }
    }

    /// Element j of D.
    pub(crate) fn of(&self, j: usize) -> Big {
        Big::ratio(&self.top[j], &self.bottom[j]).times_power(self.exponent[j])
    }
}

/// (G + shift·D)⁻¹ of one shift, and what follows for each target.
pub(crate) struct Solved {
    /// The inverse is scale·inverse/det, in the units of the sums.
    inverse: Vec<Vec<BigInt>>,
    scale: BigInt,
    det: BigInt,
    /// w of each target as numerators over `det`.
    pub(crate) w: Vec<Vec<BigInt>>,
    /// The roots of the diagonal of G + shift·D, in natural units of the integers.
    pub(crate) roots: Vec<Big>,
    pub(crate) condition: f64,
    /// ln det(G + shift·D) − ln det(shift·D) of what is left after the features that are not penalised; `None` without a penalty.
    pub(crate) volume: Option<Big>,
    /// How many these are, where there is a penalty.
    pub(crate) free: usize,
}

impl Solved {
    /// `None` when the matrix is singular.
    pub(crate) fn new(data: &Data, sums: &Sums, penalty: &Penalty, shift: &Dyadic) -> Option<Self> {
        let n = sums.gram.len();
        // unit·shift·D_j = added/common · 2^-up.
        let common: BigInt = penalty.bottom.iter().max()?.clone();
        let exponent = |j: usize| shift.1 + penalty.exponent[j] - data.es;
        let penalised = |j: &usize| shift.0 != BigInt::ZERO && penalty.top[*j] != BigInt::ZERO;
        let up = unsigned((0..n).filter(penalised).map(|j| -exponent(j)).fold(0, i64::max));
        let scale = &common << up;
        let added = |j: usize| match penalised(&j) {
            true => {
                let own = &sums.unit * &shift.0 * &penalty.top[j] * (&common / &penalty.bottom[j]);
                own << unsigned(exponent(j) + i64::try_from(up).expect("small"))
            }
            false => BigInt::ZERO,
        };
        let added: Vec<BigInt> = (0..n).map(added).collect();
        let mut a: Vec<Vec<BigInt>> =
            sums.gram.iter().map(|row| row.iter().map(|value| value * &scale).collect()).collect();
        (0..n).for_each(|j| a[j][j] += &added[j]);
        let identity: Vec<Vec<BigInt>> =
            (0..n).map(|i| (0..n).map(|j| BigInt::from(u8::from(i == j))).collect()).collect();
        let (mut inverse, mut det) = solve(&a, &identity)?;
        // Powers of two that all have in common.
        let zeros = |value: &BigInt| value.trailing_zeros().unwrap_or(u64::MAX);
        let least = inverse.iter().flatten().map(zeros).fold(zeros(&det), u64::min);
        inverse.iter_mut().flatten().for_each(|value| *value >>= least);
        let determinant = Big::new(det.clone(), 0);
        det >>= least;
        let w = sums.cross.iter().map(|c| inverse.iter().map(|row| &scale * dot(row, c)).collect()).collect();
        let unit = &sums.unit * &scale;
        let roots: Vec<Big> = (0..n).map(|j| Big::ratio(&a[j][j], &unit).sqrt()).collect();
        let norm = |of: &dyn Fn(usize, usize) -> f64| {
            (0..n).map(|j| (0..n).map(|i| of(i, j).abs()).sum::<f64>()).fold(0.0, f64::max)
        };
        let scaled = |i: usize, j: usize| (Big::ratio(&a[i][j], &unit) / (&roots[i] * &roots[j])).to_f64();
        let norm_of_a = norm(&scaled);
        let mut own = Self { inverse, scale, det, w, roots, condition: f64::NAN, volume: None, free: 0 };
        own.condition = norm_of_a * norm(&|i, j| own.inverted(sums, i, j).to_f64());
        // Of what the features that are not penalised leave: det A = det A_free·(A/A_free).
        let free: Vec<usize> = (0..n).filter(|j| added[*j] == BigInt::ZERO).collect();
        if shift.0 != BigInt::ZERO {
            let penalties =
                added.iter().filter(|added| **added != BigInt::ZERO).map(|added| Big::new(added.clone(), 0));
            let all: Big = penalties.fold(Big::of(1.0), |a, b| a * b);
            let of_free: Vec<Vec<BigInt>> =
                free.iter().map(|i| free.iter().map(|j| a[*i][*j].clone()).collect()).collect();
            let rest = if free.is_empty() { BigInt::from(1) } else { solve(&of_free, &of_free)?.1 };
            own.volume = Some((determinant.abs() / (all * Big::new(rest, 0).abs())).ln());
            own.free = free.len();
        }
        Some(own)
    }

    /// Element of the inverse, in units that give the matrix a diagonal of 1.
    pub(crate) fn inverted(&self, sums: &Sums, i: usize, j: usize) -> Big {
        let own = Big::ratio(&(&self.inverse[i][j] * &self.scale * &sums.unit), &self.det);
        &own * &(&self.roots[i] * &self.roots[j])
    }

    /// Coefficient j of a target in the units of the integers.
    pub(crate) fn coefficient(&self, target: usize, j: usize) -> Big {
        Big::ratio(&self.w[target][j], &self.det)
    }

    /// ‖w‖ in units that give the matrix a diagonal of 1.
    pub(crate) fn norm(&self, target: usize) -> Big {
        (0..self.roots.len()).map(|j| (&self.coefficient(target, j) * &self.roots[j]).squared()).sum::<Big>().sqrt()
    }

    /// b, exactly, as a numerator over Σs·det; 0 without an intercept.
    fn intercept_parts(&self, data: &Data, sums: &Sums, target: usize) -> BigInt {
        match data.intercept {
            true => &sums.sy[target] * &self.det - dot(&sums.sx, &self.w[target]),
            false => BigInt::ZERO,
        }
    }

    pub(crate) fn intercept(&self, data: &Data, sums: &Sums, target: usize) -> Big {
        Big::ratio(&self.intercept_parts(data, sums, target), &(&sums.w * &self.det))
    }

    /// The size of the terms of b: root mean squares of y and of each column times its coefficient. Means may cancel.
    pub(crate) fn intercept_size(&self, data: &Data, sums: &Sums, target: usize) -> Big {
        if !data.intercept {
            return Big::zero();
        }
        let w = Big::new(sums.w.clone(), 0);
        let size = |square: &BigInt, sum: &BigInt| (sums.natural(square) / w.clone() + sums.mean(sum).squared()).sqrt();
        let column = |j: usize| &size(&sums.gram[j][j], &sums.sx[j]) * &self.coefficient(target, j).abs();
        size(&sums.squares[target], &sums.sy[target]) + (0..self.roots.len()).map(column).sum::<Big>()
    }

    /// What is predicted for a row, as a numerator over Σs·det.
    fn predicted_parts(&self, data: &Data, sums: &Sums, target: usize, row: usize) -> BigInt {
        self.intercept_parts(data, sums, target) + &sums.w * dot(&data.x[row], &self.w[target])
    }

    pub(crate) fn predicted(&self, data: &Data, sums: &Sums, target: usize, row: usize) -> Big {
        Big::ratio(&self.predicted_parts(data, sums, target, row), &(&sums.w * &self.det))
    }

    /// y − ŷ of a row.
    pub(crate) fn residual(&self, data: &Data, sums: &Sums, target: usize, row: usize) -> Big {
        let bottom = &sums.w * &self.det;
        let top = &data.y[row][target] * &bottom - self.predicted_parts(data, sums, target, row);
        Big::ratio(&top, &bottom)
    }

    /// Σ s(y − ŷ)².
    pub(crate) fn rss(&self, data: &Data, sums: &Sums, target: usize) -> Big {
        let square = |row: usize| {
            let own = self.residual(data, sums, target, row);
            &own.squared() * &Big::new(data.s[row].clone(), 0)
        };
        (0..data.rows).map(square).sum()
    }

    /// tr G(G + shift·D)⁻¹, and what it leaves of so many.
    pub(crate) fn df(&self, sums: &Sums, of: usize) -> (Big, Big) {
        let n = self.roots.len();
        let trace: BigInt = (0..n).map(|i| dot(&sums.gram[i], &self.inverse[i])).sum::<BigInt>() * &self.scale;
        (Big::ratio(&trace, &self.det), Big::ratio(&(&self.det * of - &trace), &self.det))
    }

    /// The leverage of a row and what it leaves of 1.
    pub(crate) fn leverage(&self, data: &Data, sums: &Sums, row: usize) -> (Big, Big) {
        let z: Vec<BigInt> = match data.intercept {
            true => data.x[row].iter().zip(&sums.sx).map(|(x, sum)| x * &sums.w - sum).collect(),
            false => data.x[row].clone(),
        };
        let product: BigInt = z.iter().zip(&self.inverse).map(|(own, row)| own * dot(row, &z)).sum();
        let product = product * &self.scale * &data.s[row];
        let (top, bottom) = match data.intercept {
            // s/W + s·(z/W)ᵀ(W·A'⁻¹)(z/W)
            true => (product + &data.s[row] * &self.det, &sums.w * &self.det),
            false => (product, self.det.clone()),
        };
        (Big::ratio(&top, &bottom), Big::ratio(&(&bottom - &top), &bottom))
    }

    /// (A⁻¹GA⁻¹)_ij, in the units of the columns.
    pub(crate) fn spread(&self, sums: &Sums) -> Vec<Vec<Big>> {
        let n = self.roots.len();
        let half: Vec<Vec<BigInt>> =
            (0..n).map(|i| (0..n).map(|j| dot(&self.inverse[i], &sums.gram[j])).collect()).collect();
        let bottom = &self.det * &self.det;
        let scale = &self.scale * &self.scale * &sums.unit;
        let element = |i: usize, j: usize| Big::ratio(&(dot(&half[i], &self.inverse[j]) * &scale), &bottom);
        (0..n).map(|i| (0..n).map(|j| element(i, j)).collect()).collect()
    }
}

/// The columns that do not depend on those before them, fitted without a penalty.
pub(crate) struct Unpenalised {
    pub(crate) rank: usize,
    pub(crate) condition: f64,
    pub(crate) rss: Vec<Big>,
    /// Σ ‖xⱼ‖|wⱼ| + ‖y‖ of each target.
    pub(crate) sizes: Vec<Big>,
}

impl Unpenalised {
    pub(crate) fn new(data: &Data, sums: &Sums) -> Self {
        let chosen = independent(&sums.gram);
        let part = |of: &[BigInt]| -> Vec<BigInt> { chosen.iter().map(|j| of[*j].clone()).collect() };
        let gram: Vec<Vec<BigInt>> = chosen.iter().map(|i| part(&sums.gram[*i])).collect();
        let reduced = Sums {
            unit: sums.unit.clone(),
            w: sums.w.clone(),
            count: sums.count,
            gram,
            cross: sums.cross.iter().map(|c| part(c)).collect(),
            squares: sums.squares.clone(),
            sx: part(&sums.sx),
            sy: sums.sy.clone(),
            variance: part(&sums.variance),
        };
        let own = Data {
            rows: data.rows,
            x: data.x.iter().map(|row| part(row)).collect(),
            y: data.y.clone(),
            s: data.s.clone(),
            ex: chosen.iter().map(|j| data.ex[*j]).collect(),
            ey: data.ey.clone(),
            es: data.es,
            intercept: data.intercept,
            scaling: Scaling::No,
        };
        let norm = |t: usize| reduced.natural(&reduced.squares[t]).sqrt();
        if chosen.is_empty() {
            let rss = (0..data.ey.len()).map(|t| reduced.natural(&reduced.squares[t])).collect();
            return Self { rank: 0, condition: 1.0, rss, sizes: (0..data.ey.len()).map(norm).collect() };
        }
        let penalty = Penalty::new(&own, &reduced, None);
        let solved = Solved::new(&own, &reduced, &penalty, &(BigInt::ZERO, 0)).expect("independent columns");
        let size = |t: usize| {
            let fitted = |j: usize| &solved.coefficient(t, j).abs() * &solved.roots[j];
            norm(t) + (0..chosen.len()).map(fitted).sum::<Big>()
        };
        Self {
            rank: chosen.len(),
            condition: solved.condition,
            rss: (0..data.ey.len()).map(|t| solved.rss(&own, &reduced, t)).collect(),
            sizes: (0..data.ey.len()).map(size).collect(),
        }
    }
}
