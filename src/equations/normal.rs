//! The penalised normal equations (G + shift·D) w = c of every λ, scaled so that no number is out of range.

use nalgebra::DMatrix;

use crate::equations::scaling::{PenaltyWeights, factored, norms, steps, unit_diagonal};
use crate::error::Result;
use crate::math::powers::{exponent, scale_all, scaled};
use crate::model::method::Form;
use crate::model::penalty::{Grid, Penalty};
use crate::model::penalty_factors::PenaltyFactors;
use crate::model::{Model, Standardize};
use crate::moments::Moments;

/// (G + shift·D) w = c for every shift of a grid, with D = I, or the columns' variances when standardised, times the penalty
/// factors.
///
/// Row and column j of the λ number k are held in units of 2^`(unit[j] + step[k][j])`, chosen so that every diagonal
/// element of G + shift·D lies in [1, 8): powers of two, so the change of scale is exact, and whatever the
/// scale of the data or of λ the numbers fit `f32`. The solution in these units is what the backends call `w`.
///
/// Each stage alone, from rows to coefficients:
///
/// ```
/// use ridgepath::{Model, NormalEquations, Penalty, Problem, Ridge, View, cpu};
///
/// let x = View::row_major(&[1.0, 1.0, 2.0, 1.0, 3.0, 2.0, 4.0, 5.0], 4, 2)?;
/// let y = [1.0, 2.0, 3.0, 5.0];
/// let moments = cpu::gram::gram::<f64>(&Problem::new(x, &y)?)?;
/// let normal = NormalEquations::with_penalty(&moments, Model::default(), &Penalty::Lambdas(vec![0.1, 1.0]))?;
/// for k in 0..normal.penalties() {
///     let mut w = normal.right_hand_side(k);
///     cpu::factor::factor::<f64>(&normal, k).solve_into(&mut w);
///     let coefficients = normal.coefficients(k, &w); // on the scale of X and y
///     let path = Ridge::new().lambdas([0.1, 1.0]).fit(x, &y)?;
///     assert!((coefficients[(0, 0)] - path.coefficients(k, 0)[0]).abs() < 1e-12);
/// }
/// // Or all of them at once.
/// let weights = cpu::solve::solve::<f64>(&normal, &|_: usize| ());
/// assert!(weights.iter().all(|w| w.values().is_some() && w.condition() < 100.0));
/// # Ok::<(), ridgepath::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct NormalEquations {
    /// n × n, symmetric, in units of 2^`unit` (without step).
    pub(crate) gram: DMatrix<f64>,
    /// n × t, rows in the units of G; target τ in units of 2^`target_unit[τ]`.
    pub(crate) cross: DMatrix<f64>,
    /// Σ s(y−ȳ)² (or Σ s·y² without an intercept), in the units of the targets.
    pub(crate) squares: Vec<f64>,
    pub(crate) unit: Vec<i32>,
    pub(crate) target_unit: Vec<i32>,
    /// k × n, row after row.
    pub(crate) step: Vec<i32>,
    /// k × n: what the penalty adds to the diagonal, in units and steps.
    pub(crate) added: Vec<f64>,
    /// D without the factors: mantissa and exponent of each feature.
    pub(crate) penalty: Vec<(f64, i32)>,
    pub(crate) grid: Grid,
    pub(crate) model: Model,
    /// What `gram` and `cross` lack of sums to twice the digits, where sums to twice the digits were formed.
    pub(crate) exact: Option<Exact>,
    /// ‖G + shift·D‖₁ of each λ.
    pub(crate) norms: Vec<f64>,
    /// The form of the equations: of order n, or in the dual form of order m.
    pub(crate) form: Form,
}

/// The digits of G and c beyond the 53rd bit.
#[derive(Debug, Clone)]
pub(crate) struct Exact {
    pub(crate) gram_low: DMatrix<f64>,
    pub(crate) cross_low: DMatrix<f64>,
    /// What an element of G may still lack.
    pub(crate) error: f64,
    /// The digits of [`added`](NormalEquations::added) beyond one double; none where they do not count.
    pub(crate) added_low: Vec<f64>,
}

impl Exact {
    /// What of ‖A‖ may be missing in a matrix of order n.
    #[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
    pub(crate) fn lost(&self, n: usize) -> f64 {
        n as f64 * self.error
    }
}

impl NormalEquations {
    /// Composes the equations; `grid` holds the resolved penalties.
    #[must_use]
    pub fn new(moments: &Moments, model: Model, grid: Grid) -> Self {
        Self::taking(moments.clone(), model, grid)
    }

    /// The equations of moments that nobody else needs: the equations take their sums, and no second matrix is held.
    pub(crate) fn taking(moments: Moments, model: Model, grid: Grid) -> Self {
        let (n, t) = (moments.features(), moments.targets());
        // The penalty's weight on each feature, as mantissa and exponent: 1, or the variance.
        let penalty: Vec<(f64, i32)> = (0..n).map(|j| moments.penalty_weight(j, model.standardize)).collect();
        let units: Vec<(i32, f64)> = match model.intercept {
            true => Vec::new(),
            false => (0..n + t).map(|j| moments.with_mean(j)).collect(),
        };
        let Moments { weight_sum: w, mut means, mut exponents, mut gram, mut cross, mut squares, .. } = moments;
        if !model.intercept {
            // XᵀSX = (X−x̄)ᵀS(X−x̄) + W·x̄x̄ᵀ, in units that hold the means too.
            let shrink: Vec<f64>;
            (exponents, shrink) = units.into_iter().unzip();
            means.iter_mut().zip(&exponents).for_each(|(mean, exponent)| *mean = scaled(*mean, -exponent));
            for j in 0..n {
                for i in j..n {
                    gram[(i, j)] = gram[(i, j)] * (shrink[i] * shrink[j]) + w * means[i] * means[j];
                }
                for target in 0..t {
                    let other = n + target;
                    cross[(j, target)] = cross[(j, target)] * (shrink[j] * shrink[other]) + w * means[j] * means[other];
                }
            }
            for (target, sum) in squares.iter_mut().enumerate() {
                *sum = *sum * shrink[n + target].powi(2) + w * means[n + target].powi(2);
            }
        }
        // A unit diagonal of G: columns in units of about their norm.
        let change = unit_diagonal(&mut gram, i32::MIN);
        // Targets in units of about their norm: Σ s·y² in [1, 4), and with it |c| ≤ 4.
        let mut target_unit = exponents[n..].to_vec();
        for target in 0..t {
            let norm = exponent(squares[target]).div_euclid(2);
            target_unit[target] += norm;
            squares[target] = scaled(squares[target], -2 * norm);
            for i in 0..n {
                cross[(i, target)] = scaled(cross[(i, target)], -change[i] - norm);
            }
        }
        // G in units of 2^e means w in units of 2^-e; `unit` is that of w.
        let unit: Vec<i32> = (0..n).map(|j| -(exponents[j] + change[j])).collect();
        Self::composed((Form::Primal, model), (gram, cross, squares), (unit, target_unit), (penalty, grid))
    }

    /// Equations whose sums are in these units, with what the penalty adds for each λ, in units of that λ.
    pub(crate) fn composed(
        (form, model): (Form, Model),
        (gram, cross, squares): (DMatrix<f64>, DMatrix<f64>, Vec<f64>),
        (unit, target_unit): (Vec<i32>, Vec<i32>),
        (penalty, grid): (Vec<(f64, i32)>, Grid),
    ) -> Self {
        let weights = match form {
            Form::Primal => PenaltyWeights::with_factors(&penalty, &grid),
            Form::Dual => PenaltyWeights::alone(&penalty),
        };
        let (step, added) = steps(&gram, &unit, &weights, &grid.shifts);
        let norms = norms(&gram, &step, &added);
        let exact = None;
        Self { norms, gram, cross, squares, unit, target_unit, step, added, penalty, grid, model, exact, form }
    }

    /// Composes the equations of a grid of penalties, which may be scaled from the data.
    ///
    /// # Errors
    /// Those of [`Penalty::resolve`].
    pub fn with_penalty(moments: &Moments, model: Model, penalty: &Penalty) -> Result<Self> {
        Ok(Self::new(moments, model, resolved(moments, model, penalty)?))
    }

    /// n.
    #[must_use]
    pub fn features(&self) -> usize {
        self.gram.nrows()
    }

    /// t.
    #[must_use]
    pub fn targets(&self) -> usize {
        self.cross.ncols()
    }

    /// k.
    #[must_use]
    pub fn penalties(&self) -> usize {
        self.grid.shifts.len()
    }

    /// G + shift·D of λ number k, in the units described above.
    #[must_use]
    pub fn matrix(&self, k: usize) -> DMatrix<f64> {
        let units = self.steps(k);
        let added = self.added(k);
        DMatrix::from_fn(self.features(), self.features(), |i, j| {
            let value = self.gram_element(i, j) * units[i] * units[j];
            if i == j { value + added[j] } else { value }
        })
    }

    /// c of every target, n × t, in the units of λ number k: what [`matrix`](Self::matrix) times the solution makes.
    #[must_use]
    pub fn right_hand_side(&self, k: usize) -> DMatrix<f64> {
        let units = self.steps(k);
        DMatrix::from_fn(self.features(), self.targets(), |j, target| self.cross[(j, target)] * units[j])
    }

    /// The exponent e of the unit 2^e in which the solution of λ number k holds feature j of a target.
    #[must_use]
    pub fn unit_of(&self, k: usize, j: usize, target: usize) -> i32 {
        self.weight_unit(k, j) + self.target_unit[target]
    }

    /// The coefficients, n × t, on the original scale from a solution of λ number k in its units.
    ///
    /// # Panics
    /// When the solution is not n × t.
    #[must_use]
    pub fn coefficients(&self, k: usize, solution: &DMatrix<f64>) -> DMatrix<f64> {
        let shape = (self.features(), self.targets());
        assert_eq!(solution.shape(), shape, "a solution of {} features and {} targets is needed", shape.0, shape.1);
        let mut natural = solution.clone();
        let columns = natural.as_mut_slice().chunks_mut(shape.0.max(1));
        columns.enumerate().for_each(|(target, column)| self.to_natural(k, target, column));
        natural
    }

    /// ‖G + shift·D‖₁ of λ number k, in its units.
    pub(crate) fn norm(&self, k: usize) -> f64 {
        self.norms[k]
    }

    /// Whether λ number k can be solved in `f32`: where the penalty outweighs a column by more than 2¹⁰⁰, the
    /// coefficient's digits would be lost.
    pub(crate) fn fits_single(&self, k: usize) -> bool {
        let n = self.features();
        self.step[k * n..(k + 1) * n].iter().all(|step| *step > -50)
    }

    /// The equations of the λs numbered `which` alone.
    pub(crate) fn only(self, which: &[usize]) -> Self {
        let n = self.features();
        let pick = |values: &[f64]| which.iter().map(|k| values[*k]).collect();
        let rows = |values: &[f64]| which.iter().flat_map(|k| &values[k * n..(k + 1) * n]).copied().collect();
        let exact = self.exact.map(|exact| {
            let added_low = if exact.added_low.is_empty() { Vec::new() } else { rows(&exact.added_low) };
            Exact { added_low, ..exact }
        });
        Self {
            exact,
            step: which.iter().flat_map(|k| &self.step[k * n..(k + 1) * n]).copied().collect(),
            added: rows(&self.added),
            norms: pick(&self.norms),
            grid: Grid {
                lambdas: pick(&self.grid.lambdas),
                shifts: pick(&self.grid.shifts),
                factors: self.grid.factors.only(which),
            },
            ..self
        }
    }

    /// These equations at other shifts, where D is that of every λ. No λ belongs to them.
    pub(crate) fn at(&self, shifts: Vec<f64>) -> Self {
        let lambdas = vec![f64::NAN; shifts.len()];
        Self::composed(
            (self.form, self.model),
            (self.gram.clone(), self.cross.clone(), self.squares.clone()),
            (self.unit.clone(), self.target_unit.clone()),
            (self.penalty.clone(), Grid { lambdas, shifts, factors: self.grid.factors.clone() }),
        )
    }

    /// Whether λ number k is 0, and the norm that it would shrink is one of all features.
    pub(crate) fn unpenalised(&self, k: usize) -> bool {
        self.grid.shifts[k] == 0.0 && (0..self.features()).all(|j| self.penalty_weight(k, j).0 > 0.0)
    }

    /// `D_j` at λ number k: mantissa and exponent (even).
    pub(crate) fn penalty_weight(&self, k: usize, j: usize) -> (f64, i32) {
        match self.form {
            Form::Dual => self.penalty[j],
            Form::Primal => factored(self.penalty[j], self.grid.factors.of(k, j)),
        }
    }

    /// Element (i, j) of G, in units of 2^`unit` (without step).
    pub(crate) fn gram_element(&self, i: usize, j: usize) -> f64 {
        self.gram[(i.max(j), i.min(j))]
    }

    /// The power of two in which w of feature j is held at λ number k, but for the target's.
    pub(crate) fn weight_unit(&self, k: usize, j: usize) -> i32 {
        self.unit[j] + self.step[k * self.features() + j]
    }

    /// 2^step of each feature at λ number k. Of constant columns with a tiny penalty it is so large that its square
    /// overflows: elements of G, which are 0 there, are multiplied by one step after the other.
    pub(crate) fn steps(&self, k: usize) -> Vec<f64> {
        let n = self.features();
        let mut units = vec![1.0; n];
        scale_all(&mut units, self.step[k * n..(k + 1) * n].iter().copied());
        units
    }

    /// What the penalty adds to the diagonal at λ number k.
    pub(crate) fn added(&self, k: usize) -> &[f64] {
        let n = self.features();
        &self.added[k * n..(k + 1) * n]
    }

    /// Overwrites the weights of a target at λ number k, in our units, with the weights in natural units.
    pub(crate) fn to_natural(&self, k: usize, target: usize, weights: &mut [f64]) {
        let n = self.features();
        let units = self.unit.iter().zip(&self.step[k * n..(k + 1) * n]);
        scale_all(weights, units.map(|(unit, step)| unit + step + self.target_unit[target]));
    }
}

/// The penalties of a grid that may be scaled from the data.
///
/// # Errors
/// Those of [`Penalty::resolve`].
pub(crate) fn resolved(moments: &Moments, model: Model, penalty: &Penalty) -> Result<Grid> {
    penalty.check_features(moments.features())?;
    let shared = penalty.shared().unwrap_or_default();
    penalty.resolve(moments.weight_sum(), trace(moments, model, &shared))
}

/// trace of G on the penalised scale: Σ `G_jj`, or Σ `G_jj / variance_j` when standardised, over the penalty factors.
pub(crate) fn trace(moments: &Moments, model: Model, factors: &PenaltyFactors) -> f64 {
    (0..moments.features())
        .filter(|j| factors.of(0, *j) > 0.0)
        .map(|j| {
            let (gram, exponent) = (moments.gram[(j, j)], moments.exponents[j]);
            let (variance, unit) = factored(moments.penalty_weight(j, model.standardize), factors.of(0, j));
            let (both, shrink) = if model.intercept { (exponent, 1.0) } else { moments.with_mean(j) };
            let mean = if model.intercept { 0.0 } else { scaled(moments.means[j], -both) };
            scaled((gram * shrink * shrink + moments.weight_sum * mean * mean) / variance, 2 * both - unit)
        })
        .sum()
}

/// The least pivot accepted, relative to the diagonal element it comes from, for a matrix of order n.
#[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
pub(crate) fn pivot_tolerance(n: usize, epsilon: f64) -> f64 {
    n as f64 * epsilon
}

impl Moments {
    fn penalty_weight(&self, j: usize, standardize: Standardize) -> (f64, i32) {
        penalty_weight(self.gram[(j, j)], self.exponents[j], (self.positive_rows, self.weight_sum), standardize)
    }
}

/// The weight of the penalty on a feature, mantissa and exponent (even): 1, or its variance of this sum of squares in
/// units of 2^(2·`exponent`), over `rows` rows of positive weight whose weights sum to `weight_sum`.
#[expect(clippy::cast_precision_loss, reason = "exact for every number of rows below 2⁵³")]
pub(crate) fn penalty_weight(
    squares: f64,
    exponent: i32,
    (rows, weight_sum): (usize, f64),
    standardize: Standardize,
) -> (f64, i32) {
    let m = rows as f64;
    let variance = match standardize {
        Standardize::No => return (1.0, 0),
        Standardize::Population => squares / weight_sum,
        Standardize::Sample => squares / weight_sum * (m / (m - 1.0)),
    };
    if variance > 0.0 && variance.is_finite() { (variance, 2 * exponent) } else { (1.0, 0) }
}
