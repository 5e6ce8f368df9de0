//! Criteria that judge a λ by its fit and its degrees of freedom, and rules that give one λ at once.

use std::f64::consts::PI;

use crate::select::score::Better;
use crate::select::spectrum::Spectrum;

/// A criterion for λ that needs no held-out rows. RSS = Σ s(y − ŷ)², m counts the rows of positive weight, and df are the
/// effective degrees of freedom with the intercept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Criterion {
    /// Generalised cross-validation m·RSS/(m − df)² (Golub, Heath and Wahba, 1979). NaN where df ≥ m.
    Gcv,
    /// Akaike's m·ln(RSS/m) + 2df.
    Aic,
    /// The same corrected for few rows: + 2df(df + 1)/(m − df − 1) (Hurvich and Tsai, 1989). NaN where df ≥ m − 1.
    Aicc,
    /// Schwarz's m·ln(RSS/m) + df·ln m.
    Bic,
    /// Mallows's RSS/σ̂² − m + 2df, with σ̂² = RSS/(m − rank) of the fit without a penalty, rank with the intercept. NaN where
    /// there are no more rows than that.
    Cp,
    /// The logarithm of the marginal likelihood of y, w ~ N(0, σ²/shift·D⁻¹) integrated out, at the σ² that makes it largest;
    /// with an intercept that of what is orthogonal to it (`MacKay`, 1992). The higher the better. NaN where λ = 0.
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

    /// Which of two values is better.
    #[must_use]
    pub fn better(&self) -> Better {
        if *self == Self::Evidence { Better::Higher } else { Better::Lower }
    }
}

impl Spectrum {
    /// A criterion for every λ and target, [k, t].
    #[must_use]
    pub fn criterion(&self, criterion: Criterion) -> Vec<f64> {
        let (t, m) = (self.targets(), self.count());
        let rss = self.rss();
        let positive = |value: f64| if value > 0.0 { value } else { f64::NAN };
        let one = |at: usize| {
            let (index, target) = (at / t, at % t);
            let (rss, df) = (rss[at], self.df(index));
            let likelihood = m * (rss / m).ln();
            match criterion {
                Criterion::Gcv => m * rss / self.room(df).powi(2),
                Criterion::Aic => likelihood + 2.0 * df,
                Criterion::Aicc => likelihood + 2.0 * df + 2.0 * df * (df + 1.0) / self.room(df + 1.0),
                Criterion::Bic => likelihood + df * m.ln(),
                Criterion::Cp => rss / positive(self.noise(target)) - m + 2.0 * df,
                Criterion::Evidence => self.evidence(index, target, rss),
            }
        };
        (0..rss.len()).map(one).collect()
    }

    /// Σ s(y − ŷ)² of every λ and target, [k, t].
    #[must_use]
    pub fn rss(&self) -> Vec<f64> {
        let square = |_: usize, target: usize, residuals: &[f64]| {
            self.natural_square(target, residuals.iter().map(|e| e * e).sum())
        };
        self.of_residuals(&(0..self.len()), square)
    }

    /// The shift of Hoerl, Kennard and Baldwin (1975), as modified in MASS: (p − 2)·σ̂²/‖w̃‖², p features, w̃ the coefficients on
    /// the penalised scale without a penalty, σ̂² as in [`Criterion::Cp`]. MASS has it on standardised columns, of norm √m.
    /// NaN where p ≤ 2, or where there are no more rows than the rank.
    #[must_use]
    pub fn hkb(&self, target: usize) -> f64 {
        let (_, _, unit) = self.scaled_values(0);
        let squared_norm: f64 = self.parts(target).map(|(d, square)| square / d).sum();
        let squared_norm = crate::scale::scaled(self.natural_square(target, squared_norm), -unit);
        self.spare() * self.noise(target) / squared_norm
    }

    /// The shift of Lawless and Wang (1976), as modified in MASS: (p − 2)·σ̂²·m/‖ŷ − ȳ‖², of the fit without a penalty; otherwise
    /// as [`hkb`](Self::hkb).
    #[must_use]
    pub fn lawless_wang(&self, target: usize) -> f64 {
        let fitted: f64 = self.parts(target).map(|(_, square)| square).sum();
        self.spare() * self.noise(target) * self.count() / self.natural_square(target, fitted)
    }

    /// p − 2, if it is positive.
    #[expect(clippy::cast_precision_loss, reason = "a count of features")]
    fn spare(&self) -> f64 {
        let rank = self.parts(0).count();
        if rank > 2 { rank as f64 - 2.0 } else { f64::NAN }
    }

    /// m − df, if it is positive: not rounding noise.
    fn room(&self, df: f64) -> f64 {
        let (m, room) = (self.count(), self.count() - df);
        if room > 8.0 * m * f64::EPSILON { room } else { f64::NAN }
    }

    /// σ̂² of the fit without a penalty; NaN where it is not known.
    #[expect(clippy::cast_precision_loss, reason = "a rank")]
    fn noise(&self, target: usize) -> f64 {
        let rank = self.parts(target).count() + usize::from(self.intercept());
        let fitted: f64 = self.parts(target).map(|(_, square)| square).sum();
        let rss = (self.total(target) - fitted).max(0.0);
        self.natural_square(target, rss) / self.room(rank as f64)
    }

    fn evidence(&self, index: usize, target: usize, rss: f64) -> f64 {
        let (values, shift, _) = self.scaled_values(index);
        if !(shift > 0.0) {
            return f64::NAN;
        }
        // RSS + shift‖w̃‖² = yᵀ(I + K/shift)⁻¹y.
        let penalty: f64 =
            self.parts(target).map(|(d, square)| square * (d / (d + shift)) * (shift / (d + shift))).sum();
        let nu = self.count() - f64::from(u8::from(self.intercept()));
        let variance = (rss + self.natural_square(target, penalty)) / nu;
        let volume: f64 = values.iter().map(|d| (d / shift).ln_1p()).sum();
        -0.5 * (nu * ((2.0 * PI * variance).ln() + 1.0) + volume)
    }
}
