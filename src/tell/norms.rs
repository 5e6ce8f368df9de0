//! λ by what it leaves of the coefficients: the constraint form ‖w‖² ≤ t, and fractions of the norm without a penalty.

use crate::data::view::View;
use crate::directions::RowDirections;
use crate::error::{Error, Result};
use crate::math::powers::scaled;
use crate::model::penalty::Penalty;
use crate::model::penalty_factors::PenaltyFactors;
use crate::solve::ridge::Ridge;

/// The norm of w as a function of λ, for any number of λs, from one singular value decomposition of the rows; norms are those of the
/// coefficients on which the penalty acts (of standardised columns where these are). Made by [`Ridge::norms`].
///
/// With √S(X − x̄)D^-½ = U·diag(σ)·Vᵀ and p = Uᵀ√S(y − ȳ), ‖w‖² = Σ (σᵢpᵢ/(σᵢ² + shift))², which falls as λ grows. Where it takes a value is
/// found by Newton's iteration on 1/‖w‖, concave in the shift, from the left, whence it is monotone (Golub and Van Loan, *Matrix
/// Computations* (2013), §6.2.1; Conn, Gould and Toint, *Trust-region methods* (2000), §7.3). The decomposition has the digits of
/// that of [`Spectrum`](crate::choose::Spectrum).
///
/// ```
/// use ridgepath::{Ridge, View};
///
/// let x = View::row_major(&[1.0, 1.0, 2.0, 1.0, 3.0, 2.0, 4.0, 5.0], 4, 2)?;
/// let y = [1.0, 2.0, 3.0, 5.0];
/// let norms = Ridge::new().norms(x, &y)?;
/// let lambda = norms.lambda_within(0, 0.25)?; // ‖w‖² ≤ ¼
/// let path = Ridge::new().lambdas([lambda]).fit(x, &y)?;
/// assert!((path.squared_norm(0, 0) - 0.25).abs() < 1e-14);
/// # Ok::<(), ridgepath::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Norms {
    /// σ > 0 and p of each target, in the units of the directions.
    parts: Vec<Vec<(f64, f64)>>,
    unit: i32,
    target_units: Vec<i32>,
    weight_sum: f64,
}

impl Ridge {
    /// The norms that λs leave of the coefficients. On the CPU in double precision, whatever the backend; the grid counts for nothing.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), but for those of devices; [`Error::Conflict`] with penalty factors or a prior, whose norm is another.
    pub fn norms<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<Norms> {
        let problem = self.problem(x.into(), y.into())?;
        if !self.prior.is_none() || self.asked().factors != Some(PenaltyFactors::default()) {
            let (first, second) = ("a bound on ‖w‖²", "penalty factors or a prior, whose norm is another");
            return Err(Error::Conflict { first, second, instead: "λs" });
        }
        let directions = RowDirections::new(&problem, self.model, (&PenaltyFactors::default(), 0), 0.0)?.directions;
        let of = |target: usize| {
            let along = directions.along.column(target);
            let all = directions.sigma.iter().copied().zip(along.iter().copied());
            all.filter(|(sigma, along)| *sigma > 0.0 && *along != 0.0).collect()
        };
        Ok(Norms {
            parts: (0..problem.targets()).map(of).collect(),
            unit: directions.unit,
            target_units: directions.target_units.clone(),
            weight_sum: problem.weight_sum(),
        })
    }
}

impl Norms {
    /// ‖w(λ)‖² of a target; at λ = 0 that of the least squares solution of least norm.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when there is no such target, [`Error::InvalidPenalty`].
    pub fn squared_norm(&self, target: usize, lambda: f64) -> Result<f64> {
        self.check(target)?;
        Penalty::Lambdas(vec![lambda]).check()?;
        let root = scaled((2.0 * self.weight_sum * lambda).sqrt(), -self.unit);
        Ok(scaled(self.norm(target, root).0, self.target_units[target] - self.unit).powi(2))
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
        Ok(self.lambda(target, scaled(t.sqrt(), self.unit - self.target_units[target])))
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
        let count = self.parts.len();
        if target < count { Ok(()) } else { Err(Error::OutOfRange { what: "target", index: target, count }) }
    }

    /// ‖w‖, and Σ (σp)²/(σ² + shift)³ over ‖w‖³, in our units, at a shift given by its root.
    fn norm(&self, target: usize, root: f64) -> (f64, f64) {
        // w relative to the largest of its parts, so that no square overflows or vanishes.
        let part = |(sigma, along): &(f64, f64)| along / sigma / (1.0 + (root / sigma).powi(2));
        let largest = self.parts[target].iter().map(|direction| part(direction).abs()).fold(0.0, f64::max);
        let (mut square, mut slope) = (0.0, 0.0);
        for direction in &self.parts[target] {
            let w = part(direction) / largest;
            square += w * w;
            // In units of the shift: shift·w²/(σ² + shift).
            slope += w * w / (1.0 + (direction.0 / root).powi(2));
        }
        (largest * square.sqrt(), slope / square)
    }

    /// The λ at which ‖w‖ is `wanted`, in our units; 0 where ‖w‖ is less without a penalty.
    fn lambda(&self, target: usize, wanted: f64) -> f64 {
        const MOST_STEPS: usize = 200; // a few will do
        if !(self.norm(target, 0.0).0 > wanted) {
            return 0.0;
        }
        // A shift that changes nothing, and from there on as far to the right as ‖w‖ is surely too large.
        let least = self.parts[target].iter().map(|(sigma, _)| *sigma).fold(f64::INFINITY, f64::min);
        let mut root = least * f64::EPSILON;
        while self.norm(target, 2.0 * root).0 > wanted && root.is_finite() {
            root *= 2.0;
        }
        for _ in 0..MOST_STEPS {
            let (norm, slope) = self.norm(target, root);
            // d(1/‖w‖)/d shift = slope/(shift·‖w‖).
            let next = root * (1.0 + (norm / wanted - 1.0) / slope).sqrt();
            // Rounding alone makes it fall.
            if !(next > root) {
                break;
            }
            root = next;
        }
        scaled(root, self.unit).powi(2) / (2.0 * self.weight_sum)
    }
}
