//! Criteria that judge a λ by its fit and its degrees of freedom, and rules that give one λ at once.

use std::f64::consts::{LN_2, PI};

use crate::choose::score::Better;
use crate::choose::spectrum::{KNOWN, Spectrum};
use crate::directions::Directions;
use crate::math::powers::scaled;

/// A criterion for λ that needs no held-out rows. RSS = Σ s(y − ŷ)², m counts the rows of positive weight, and df are the
/// effective degrees of freedom with the intercept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Criterion {
    /// Generalised cross-validation m·RSS/(m − df)² (Golub, Heath and Wahba, 1979). NaN where df ≥ m.
    Gcv,
    /// Akaike's m·ln(RSS/m) + 2df.
    Aic,
    /// AIC corrected for few rows: + 2df(df + 1)/(m − df − 1) (Hurvich and Tsai, 1989). NaN where df ≥ m − 1.
    Aicc,
    /// Schwarz's m·ln(RSS/m) + df·ln m.
    Bic,
    /// Mallows's RSS/σ̂² − m + 2df, with σ̂² = RSS/(m − rank) of the fit without a penalty, rank with the intercept. NaN where
    /// there are no more rows than that.
    Cp,
    /// The logarithm of the marginal likelihood of y, w ~ N(0, σ²/shift·D⁻¹) integrated out, at the σ² that makes it largest;
    /// with an intercept or features that are not penalised that of what is orthogonal to these (`MacKay`, 1992). The higher the better. NaN where λ = 0.
    Evidence,
}

impl Criterion {
    /// `"gcv"`, `"aic"`, `"aicc"`, `"bic"`, `"cp"` or `"evidence"`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Gcv => "gcv",
            Self::Aic => "aic",
            Self::Aicc => "aicc",
            Self::Bic => "bic",
            Self::Cp => "cp",
            Self::Evidence => "evidence",
        }
    }

    /// The power of the target by which the criterion grows.
    pub(crate) fn degree(self) -> i32 {
        if self == Self::Gcv { 2 } else { 0 }
    }

    /// Which of two values is better.
    #[must_use]
    pub fn better(&self) -> Better {
        if *self == Self::Evidence { Better::Higher } else { Better::Lower }
    }
}

/// What criteria are made from: the fit of a target at a λ.
struct Fit {
    index: usize,
    target: usize,
    rss: f64,
    /// m − df.
    room: f64,
    df: f64,
    /// The logarithm of det(I + G/shift).
    volume: f64,
}

impl Spectrum {
    /// A criterion for every λ and target, [k, t]; of moments NaN where they do not tell it.
    #[must_use]
    pub fn criterion(&self, criterion: Criterion) -> Vec<f64> {
        self.criterion_in_units(criterion, &vec![0; self.targets()])
    }

    /// [`criterion`](Self::criterion) of targets in units of 2^`units`.
    pub(crate) fn criterion_in_units(&self, criterion: Criterion, units: &[i32]) -> Vec<f64> {
        let t = self.targets();
        let one = |at: usize| match self.is_told(criterion, at / t, at % t) {
            true => self.in_units(criterion, units, at, self.criterion_of(criterion, &self.fit(at / t, at % t))),
            false => f64::NAN,
        };
        (0..self.len() * t).map(one).collect()
    }

    /// The best that a criterion may be in truth for every λ and target, [k, t], of targets in units of 2^`units`.
    pub(crate) fn best_in_units(&self, criterion: Criterion, units: &[i32]) -> Vec<f64> {
        let t = self.targets();
        let one = |at: usize| self.in_units(criterion, units, at, self.best_of(criterion, at / t, at % t));
        (0..self.len() * t).map(one).collect()
    }

    fn in_units(&self, criterion: Criterion, units: &[i32], at: usize, value: f64) -> f64 {
        let target = at % self.targets();
        if criterion.degree() == 0 { value } else { self.square_in_units(units[target], target, value) }
    }

    /// A fit as it was found.
    fn fit(&self, index: usize, target: usize) -> Fit {
        let shift = self.grid.shifts[index];
        let rss = self.directions().rss(shift, target);
        Fit { index, target, rss, room: self.unexplained(index), df: self.df(index), volume: self.volume(shift) }
    }

    /// Whether a criterion is known to a millionth of what it is made from. Always, of rows.
    pub(crate) fn is_told(&self, criterion: Criterion, index: usize, target: usize) -> bool {
        let (directions, shift) = (self.directions(), self.grid.shifts[index]);
        if directions.lost_nothing() {
            return true;
        }
        let rss_is_told = |shift| directions.rss_error(shift, target) <= KNOWN * directions.rss(shift, target);
        let off = directions.df_error(shift);
        let of_evidence = criterion == Criterion::Evidence;
        let noise_is_told = criterion != Criterion::Cp || (rss_is_told(0.0) && directions.df_error(0.0) <= KNOWN);
        rss_is_told(shift)
            && noise_is_told
            && (off <= KNOWN * self.unexplained(index).min(self.df(index)))
            && (!of_evidence || directions.volume_error(shift) <= KNOWN * self.spread())
    }

    /// The best that a criterion may be in truth.
    fn best_of(&self, criterion: Criterion, index: usize, target: usize) -> f64 {
        let (directions, shift) = (self.directions(), self.grid.shifts[index]);
        let (found, off) = (self.fit(index, target), directions.df_error(shift));
        let best = Fit {
            rss: found.rss - directions.rss_error(shift, target),
            room: found.room + off,
            df: found.df - off,
            volume: found.volume - directions.volume_error(shift),
            ..found
        };
        let noise_is_told = criterion != Criterion::Cp || self.is_told(criterion, index, target);
        match self.criterion_of(criterion, &best) {
            value if best.rss > 0.0 && noise_is_told => value,
            _ => match (criterion, criterion.better()) {
                (Criterion::Gcv, _) => 0.0,
                (_, Better::Lower) => f64::NEG_INFINITY,
                (_, Better::Higher) => f64::INFINITY,
            },
        }
    }

    /// A criterion of a fit, in units of the target's square where that is its degree; NaN where it is not defined.
    fn criterion_of(&self, criterion: Criterion, fit: &Fit) -> f64 {
        let &Fit { target, rss, room, df, .. } = fit;
        let m = self.count();
        let positive = |value: f64| if value > 0.0 { value } else { f64::NAN };
        let unit = f64::from(2 * self.directions().target_units[target]) * LN_2;
        // A fit without an error is infinitely likely, whatever it is worth.
        let likelihood = m * ((positive(rss) / m).ln() + unit);
        match criterion {
            Criterion::Gcv => m * rss / positive(room).powi(2),
            Criterion::Aic => likelihood + 2.0 * df,
            Criterion::Aicc => likelihood + 2.0 * df + 2.0 * df * (df + 1.0) / more_than_one(room),
            Criterion::Bic => likelihood + df * m.ln(),
            Criterion::Cp => rss / positive(self.noise(target)) - m + 2.0 * df,
            Criterion::Evidence => self.evidence(fit) - unit * 0.5 * self.spread(),
        }
    }

    /// Σ s(y − ŷ)² of every λ and target, [k, t], as it was found.
    #[must_use]
    pub fn rss(&self) -> Vec<f64> {
        let t = self.targets();
        let one = |at: usize| self.natural_square(at % t, self.directions().rss(self.grid.shifts[at / t], at % t));
        (0..self.len() * t).map(one).collect()
    }

    /// The shift of Hoerl, Kennard and Baldwin (1975), as modified in MASS: (p − 2)·σ̂²/‖w̃‖², p features, w̃ the coefficients on
    /// the penalised scale without a penalty, σ̂² as in [`Criterion::Cp`]. MASS has it on standardised columns, of norm √m.
    /// NaN where p ≤ 2, or where there are no more rows than the rank.
    #[must_use]
    pub fn hkb(&self, target: usize) -> f64 {
        let squared_norm: f64 = self.parts(target).map(|(sigma, along)| (along / sigma).powi(2)).sum();
        scaled(self.spare() * self.noise(target) / squared_norm, 2 * self.directions().unit)
    }

    /// The shift of Lawless and Wang (1976), as modified in MASS: (p − 2)·σ̂²·m/‖ŷ − ȳ‖², of the fit without a penalty; otherwise
    /// as [`hkb`](Self::hkb).
    #[must_use]
    pub fn lawless_wang(&self, target: usize) -> f64 {
        let fitted: f64 = self.parts(target).map(|(_, along)| along * along).sum();
        self.spare() * self.noise(target) * self.count() / fitted
    }

    /// σⱼ > 0 and uⱼᵀ√S(y − ȳ) of a target.
    fn parts(&self, target: usize) -> impl Iterator<Item = (f64, f64)> + '_ {
        let Directions { sigma, along, .. } = self.directions();
        sigma.iter().copied().zip(along.column(target)).filter(|(sigma, _)| *sigma > 0.0).map(|(sigma, p)| (sigma, *p))
    }

    /// p − 2, if it is positive.
    #[expect(clippy::cast_precision_loss, reason = "a count of features")]
    fn spare(&self) -> f64 {
        let rank = self.parts(0).count();
        if rank > 2 { rank as f64 - 2.0 } else { f64::NAN }
    }

    /// σ̂² of the fit without a penalty, in the units of the target; NaN where it is not known.
    fn noise(&self, target: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
        let room = (self.rows_counted() - self.rank()) as f64;
        if room > 0.0 { self.directions().rss(0.0, target) / room } else { f64::NAN }
    }

    /// The rows that the likelihood is one of: those that neither the intercept nor features without a penalty explain.
    #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
    fn spread(&self) -> f64 {
        let directions = self.directions();
        (directions.room() + directions.sigma.len()) as f64
    }

    /// The logarithm of the evidence of a target in its units.
    fn evidence(&self, fit: &Fit) -> f64 {
        let &Fit { index, target, rss, volume, .. } = fit;
        let shift = self.grid.shifts[index];
        if !(shift > 0.0) {
            return f64::NAN;
        }
        let directions = self.directions();
        // RSS + shift‖w̃‖² = yᵀ(I + K/shift)⁻¹y.
        let shares =
            directions.left(shift).into_iter().zip(directions.kept(shift)).zip(directions.along.column(target));
        let penalty: f64 = shares.map(|((left, kept), along)| left * kept * along * along).sum();
        let nu = self.spread();
        let variance = (rss + penalty) / nu;
        if !(variance > 0.0) {
            return f64::NAN;
        }
        -0.5 * (nu * ((2.0 * PI * variance).ln() + 1.0) + volume)
    }

    /// The logarithm of det(I + G/shift).
    fn volume(&self, shift: f64) -> f64 {
        let root = self.directions().root(shift);
        self.directions().sigma.iter().map(|sigma| (sigma / root).powi(2).ln_1p()).sum()
    }
}

/// m − df − 1, if it is positive: not rounding noise.
fn more_than_one(room: f64) -> f64 {
    let room = room - 1.0;
    if room > 8.0 * f64::EPSILON { room } else { f64::NAN }
}
