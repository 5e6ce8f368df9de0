//! From scores to one λ.

use crate::choose::score::Better;
use crate::error::{Error, Result};

/// Which λ the scores speak for. Of λs that a rule finds equal, the largest.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Rule {
    /// The λ of the best mean score.
    #[default]
    Best,
    /// The largest λ whose mean score is within one standard error (that of the best λ's) of the best (Breiman et al., 1984).
    OneStandardError,
    /// The largest λ whose mean score is within this many percent of the best.
    WithinPercent(f64),
}

/// An end of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// At the smallest λ; a smaller one may be better.
    Smallest,
    /// At the largest λ; a larger one may be better.
    Largest,
}

/// The λ chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// Its number in the grid.
    pub index: usize,
    /// λ.
    pub lambda: f64,
    /// The shift 2Wλ on all rows.
    pub alpha: f64,
    /// Its mean score.
    pub score: f64,
    /// The standard error of that; NaN where there is none.
    pub standard_error: f64,
    /// The λ of the best mean score, which is another one unless the rule is [`Rule::Best`].
    pub best: usize,
    /// Where the best score lies, if it is at an end of the grid. λ = 0 is no end: nothing is smaller.
    pub edge: Option<Edge>,
}

impl Rule {
    /// `"best"`, `"1se"` or `"within"`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::OneStandardError => "1se",
            Self::WithinPercent(_) => "within",
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::WithinPercent(percent) if !(percent.is_finite() && *percent >= 0.0) => {
                Err(Error::InvalidRule { percent: *percent })
            }
            _ => Ok(()),
        }
    }

    /// Chooses by mean scores and their standard errors, one for each λ and alpha; `None` when no score is a finite number.
    #[must_use]
    pub fn choose(
        &self,
        (lambdas, alphas): (&[f64], &[f64]),
        means: &[f64],
        errors: &[f64],
        better: Better,
    ) -> Option<Choice> {
        let scored: Vec<usize> = (0..means.len()).filter(|k| means[*k].is_finite()).collect();
        let best =
            scored.iter().copied().reduce(|a, b| match (means[a] == means[b], better.reaches(means[b], means[a])) {
                (true, _) => {
                    if lambdas[b] > lambdas[a] {
                        b
                    } else {
                        a
                    }
                }
                (false, closer) => {
                    if closer {
                        b
                    } else {
                        a
                    }
                }
            })?;
        let slack = match self {
            Self::Best => 0.0,
            Self::OneStandardError => errors[best],
            Self::WithinPercent(percent) => percent / 100.0 * means[best].abs(),
        };
        let least = match better {
            Better::Lower => means[best] + slack,
            Better::Higher => means[best] - slack,
        };
        let near = scored.iter().copied().filter(|k| *k == best || better.reaches(means[*k], least));
        let index = near.reduce(|a, b| if lambdas[b] > lambdas[a] { b } else { a })?;
        let among = |k: usize| scored.iter().map(move |other| lambdas[k].total_cmp(&lambdas[*other]));
        let edge = match lambdas[best] {
            _ if scored.iter().all(|k| lambdas[*k] == lambdas[best]) => None,
            _ if among(best).all(std::cmp::Ordering::is_ge) => Some(Edge::Largest),
            lambda if lambda > 0.0 && among(best).all(std::cmp::Ordering::is_le) => Some(Edge::Smallest),
            _ => None,
        };
        Some(Choice {
            index,
            lambda: lambdas[index],
            alpha: alphas[index],
            score: means[index],
            standard_error: errors[index],
            best,
            edge,
        })
    }
}
