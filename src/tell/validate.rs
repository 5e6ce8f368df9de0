//! A backend held against the reference.

use crate::answer::path::RidgePath;
use crate::data::view::View;
use crate::error::Result;
use crate::model::method::Backend;
use crate::model::outcome::Outcome;
use crate::solve::ridge::Ridge;

/// How far the answer of one λ lies from the reference's: the largest deviation over the targets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deviation {
    /// λ.
    pub lambda: f64,
    /// `‖w − w_ref‖₂ / ‖w_ref‖₂` (`‖w‖₂` where `w_ref` = 0).
    pub coefficients: f64,
    /// `|b − b_ref| / max(|b_ref|, 1)`.
    pub intercept: f64,
    /// `|RSS − RSS_ref| / RSS_ref` (RSS where `RSS_ref` = 0).
    pub rss: f64,
    /// Whether both found the same targets singular. Where both did, there is nothing to compare.
    pub outcomes_agree: bool,
}

/// A path, the reference's path of the same task, and how far apart they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    /// What the backend asked for answers.
    pub path: RidgePath,
    /// What [`Backend::Reference`] answers.
    pub reference: RidgePath,
    /// One entry per λ.
    pub deviations: Vec<Deviation>,
}

impl Validation {
    /// The largest relative deviation of the coefficients over the whole path; NaN if one is.
    #[must_use]
    pub fn largest(&self) -> f64 {
        self.deviations.iter().map(|d| d.coefficients).fold(0.0, |a, b| if b > a || b.is_nan() { b } else { a })
    }

    fn new(path: RidgePath, reference: RidgePath) -> Self {
        let deviations = (0..path.len()).map(|index| deviation(&path, &reference, index)).collect();
        Self { path, reference, deviations }
    }
}

fn deviation(path: &RidgePath, reference: &RidgePath, index: usize) -> Deviation {
    let mut worst =
        Deviation { lambda: path.lambdas()[index], coefficients: 0.0, intercept: 0.0, rss: 0.0, outcomes_agree: true };
    let larger = |a: f64, b: f64| if b > a || b.is_nan() { b } else { a };
    let relative = |distance: f64, size: f64| if size > 0.0 { distance / size } else { distance };
    for target in 0..path.targets() {
        let singular = |path: &RidgePath| matches!(path.outcome(index, target), Outcome::Singular { .. });
        if singular(path) || singular(reference) {
            worst.outcomes_agree &= singular(path) == singular(reference);
            continue;
        }
        let (found, wanted) = (path.coefficients(index, target), reference.coefficients(index, target));
        let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
        let distance = norm(&mut found.iter().zip(wanted).map(|(a, b)| a - b));
        worst.coefficients = larger(worst.coefficients, relative(distance, norm(&mut wanted.iter().copied())));
        let (found, wanted) = (path.intercept(index, target), reference.intercept(index, target));
        worst.intercept = larger(worst.intercept, (found - wanted).abs() / wanted.abs().max(1.0));
        let (found, wanted) = (path.rss(index, target), reference.rss(index, target));
        worst.rss = larger(worst.rss, relative((found - wanted).abs(), wanted));
    }
    worst
}

impl Ridge {
    /// Fits as [`fit_async`](Self::fit_async) does, and again with [`Backend::Reference`], and compares.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub async fn validate_async<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<Validation> {
        let (x, y) = (x.into(), y.into());
        let path = self.fit_async(x, y).await?;
        let reference = self.clone().backend(Backend::Reference).fit_async(x, y).await?;
        Ok(Validation::new(path, reference))
    }

    /// Fits as [`fit`](Self::fit) does, and again with [`Backend::Reference`], and compares.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn validate<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<Validation> {
        pollster::block_on(self.validate_async(x, y))
    }
}
