//! What is judged: every kind of figure, and where in an answer one stands.

use std::collections::BTreeMap;

use crate::big::Big;

macro_rules! figures {
    ($($name:ident),* $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Figure { $($name),* }

        impl Figure {
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}
figures! {
    Shift, Coefficient, ErrorBound, Intercept, Rss, SquaredNorm, Prediction,
    StandardError, InterceptStandardError, VarianceInflation, DegreesOfFreedom,
    Df, DfWithoutIntercept, Leverage, SpectrumRss, LooMse,
    Gcv, Aic, Aicc, Bic, Cp, Evidence, CriterionChoice,
    FoldScore, FoldMean, FoldStandardError, FoldChoice, LooScore, LooChoice,
    NormAt, NormLimit, NormFraction,
}

/// A figure of λ number `k` and a target; `item` counts coefficients, rows, folds, fractions or criteria.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) figure: Figure,
    pub(crate) k: usize,
    pub(crate) target: usize,
    pub(crate) item: usize,
}

impl Key {
    pub(crate) fn new(figure: Figure, k: usize, target: usize, item: usize) -> Self {
        Self { figure, k, target, item }
    }
}

/// How many tolerances a figure has.
pub(crate) const WAYS: usize = 3;

/// What a figure is, exactly, and how far off it may be.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    /// `None`: there is no such number.
    pub(crate) exact: Option<Big>,
    /// In double precision, in single, and in single by the dual form; `None` where nothing is promised.
    pub(crate) slack: [Option<Big>; WAYS],
    /// κ of the equations that it comes from.
    pub(crate) condition: f64,
}

impl Truth {
    pub(crate) fn new(exact: Big, slack: Option<Big>, condition: f64) -> Self {
        Self { exact: Some(exact), slack: [slack.clone(), slack.clone(), slack], condition }
    }

    /// That there is no such number, as equations of this κ tell.
    pub(crate) fn nothing(condition: f64) -> Self {
        Self { exact: None, slack: [None, None, None], condition }
    }
}

pub(crate) type Truths = BTreeMap<Key, Truth>;
