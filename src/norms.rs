//! λ by what it leaves of the coefficients: the constraint form ‖w‖² ≤ t, and fractions of the norm without a penalty.

use nalgebra::DMatrix;

use crate::cpu::eigen::eigen;
use crate::error::{Error, Result};
use crate::moments::Moments;
use crate::normal::{Model, NormalEquations};
use crate::penalty::Penalty;
use crate::scale::{exponent, scaled};

/// The norm of w as a function of λ, for any number of λs, from one eigendecomposition; norms are those of the
/// coefficients on which the penalty acts (of standardised columns where these are).
///
/// With D^-½GD^-½ = VΛVᵀ and a = VᵀD^-½c, ‖w‖² = Σ aᵢ²/(Λᵢ + shift)², which falls as λ grows. Where it takes a value is found by
/// Newton's iteration on 1/‖w‖, concave in the shift, from the left, whence it is monotone (Golub and Van Loan, *Matrix
/// Computations* (2013), §6.2.1; Conn, Gould and Toint, *Trust-region methods* (2000), §7.3).
///
/// ```
/// use ridgepath::{Model, Moments, Norms, Problem, Ridge, View};
///
/// let problem = Problem::new(View::row_major(&[1.0, 1.0, 2.0, 1.0, 3.0, 2.0, 4.0, 5.0], 4, 2)?, &[1.0, 2.0, 3.0, 5.0])?;
/// let mut moments = Moments::new(2, 1);
/// moments.push(&problem)?;
/// let norms = Norms::new(&moments, Model::default())?;
/// let lambda = norms.lambda_within(0, 0.25)?; // ‖w‖² ≤ ¼
/// let path = Ridge::new().lambdas([lambda]).fit_moments(&moments)?;
/// assert!((path.squared_norm(0, 0) - 0.25).abs() < 1e-14);
/// # Ok::<(), ridgepath::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Norms {
    /// Λ in units of 4^`unit`, ascending; what is 0 but for rounding is 0.
    values: Vec<f64>,
    /// a, n × t: target τ in units of 2^(`unit` + `target_unit[τ]`); 0 where Λ is.
    along: DMatrix<f64>,
    unit: i32,
    target_unit: Vec<i32>,
    weight_sum: f64,
}

impl Norms {
    /// Decomposes the Gram matrix.
    ///
    /// # Errors
    /// [`Error::ZeroWeights`] for moments of no rows; [`Error::NotDecomposed`].
    pub fn new(moments: &Moments, model: Model) -> Result<Self> {
        if moments.weight_sum() == 0.0 {
            return Err(Error::ZeroWeights { rows: moments.rows() });
        }
        let normal = NormalEquations::with_penalty(moments, model, &Penalty::Alphas(vec![0.0]))?;
        let (n, t) = (normal.features(), normal.targets());
        // On the penalised scale, all columns in units of the largest.
        let penalty: Vec<(f64, i32)> = (0..n).map(|j| normal.penalty_weight(0, j)).collect();
        let root: Vec<f64> = penalty.iter().map(|(weight, _)| weight.sqrt()).collect();
        let power: Vec<i32> = (0..n).map(|j| -normal.unit[j] - penalty[j].1 / 2).collect();
        let sizes = (0..n).filter(|j| normal.gram[(*j, *j)] > 0.0);
        let unit = sizes.map(|j| power[j] - exponent(root[j])).max().unwrap_or(0);
        let scale = |j: usize, value: f64| scaled(value / root[j], power[j] - unit);
        let gram = DMatrix::from_fn(n, n, |i, j| scale(i, scale(j, normal.gram_element(i, j))));
        let cross = DMatrix::from_fn(n, t, |j, target| scale(j, normal.cross[(j, target)]));
        let what = "the Gram matrix";
        let eigen = eigen(&gram).ok_or(Error::NotDecomposed { what })?;
        let largest = eigen.values.iter().copied().fold(0.0, f64::max);
        #[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
        let least = n as f64 * f64::EPSILON * largest;
        let mut along = eigen.vectors.transpose() * cross;
        let values = eigen.values.iter().enumerate().map(|(i, value)| {
            if *value > least {
                return *value;
            }
            along.row_mut(i).fill(0.0);
            0.0
        });
        let values = values.collect();
        Ok(Self { values, along, unit, target_unit: normal.target_unit, weight_sum: moments.weight_sum() })
    }

    /// ‖w(λ)‖² of a target; at λ = 0 that of the least squares solution of least norm.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when there is no such target, [`Error::InvalidPenalty`].
    pub fn squared_norm(&self, target: usize, lambda: f64) -> Result<f64> {
        self.check(target)?;
        Penalty::Lambdas(vec![lambda]).check()?;
        let shift = scaled(2.0 * self.weight_sum * lambda, -2 * self.unit);
        let norm = self.norm(target, shift).0;
        Ok(scaled(norm, self.target_unit[target] - self.unit).powi(2))
    }

    /// The least λ at which ‖w‖² ≤ t of a target: 0 where the unpenalised w already fits, and else ‖w‖² = t.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when there is no such target, [`Error::InvalidSetting`] unless t is finite and > 0.
    pub fn lambda_within(&self, target: usize, t: f64) -> Result<f64> {
        self.check(target)?;
        if !(t.is_finite() && t > 0.0) {
            return Err(Error::InvalidSetting {
                what: "the bound on ‖w‖²", value: t, wanted: "a finite number > 0"
            });
        }
        Ok(self.lambda(target, scaled(t.sqrt(), self.unit - self.target_unit[target])))
    }

    /// The λ at which ‖w(λ)‖ is this fraction of ‖w(0)‖ for a target, as fracridge has it (Rokem and Kay, 2020), without its
    /// interpolation.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when there is no such target, [`Error::InvalidSetting`] unless the fraction is > 0 and ≤ 1.
    pub fn lambda_at_fraction(&self, target: usize, fraction: f64) -> Result<f64> {
        self.check(target)?;
        if !(fraction > 0.0 && fraction <= 1.0) {
            let what = "the fraction of the norm";
            return Err(Error::InvalidSetting { what, value: fraction, wanted: "a number > 0 and ≤ 1" });
        }
        Ok(self.lambda(target, fraction * self.norm(target, 0.0).0))
    }

    fn check(&self, target: usize) -> Result<()> {
        let count = self.along.ncols();
        if target < count { Ok(()) } else { Err(Error::OutOfRange { what: "target", index: target, count }) }
    }

    /// ‖w‖ and Σ aᵢ²/(Λᵢ + shift)³, in our units.
    fn norm(&self, target: usize, shift: f64) -> (f64, f64) {
        let (mut square, mut cube) = (0.0, 0.0);
        for (value, a) in self.values.iter().zip(self.along.column(target).iter()) {
            let below = value + shift;
            if *a != 0.0 && below > 0.0 {
                let w = a / below;
                square += w * w;
                cube += w * w / below;
            }
        }
        (square.sqrt(), cube)
    }

    /// Where ‖w‖ is this, in our units; 0 where it is less already.
    fn lambda(&self, target: usize, wanted: f64) -> f64 {
        const MOST_STEPS: usize = 200; // a few will do
        if !(self.norm(target, 0.0).0 > wanted) {
            return 0.0;
        }
        // ‖a‖/(Λₙ + shift) ≤ ‖w‖ ≤ ‖a‖/shift
        let greatest = self.along.column(target).norm() / wanted;
        let top = self.values.last().copied().unwrap_or(0.0);
        let mut shift = (greatest - top).max(0.0);
        for _ in 0..MOST_STEPS {
            let (norm, cube) = self.norm(target, shift);
            let next = (shift + (norm / wanted - 1.0) * (norm * norm / cube)).min(greatest);
            // Rounding alone makes it fall.
            if !(next > shift) {
                break;
            }
            shift = next;
        }
        scaled(shift, 2 * self.unit) / (2.0 * self.weight_sum)
    }
}
