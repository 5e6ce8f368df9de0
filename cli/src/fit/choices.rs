//! The λs chosen for many groups or targets, and what each is called.

use ridgepath::choose::{Choice, Scheme};
use ridgepath::{Rule, Selection};

use crate::fit::problem_targets::ProblemTargets;
use crate::fit::quantiles;

/// A choice for each group or target, or the reason why there is none.
pub(crate) struct Choices {
    /// What they are of: `"group"` or `"target"`.
    pub(crate) what: &'static str,
    pub(crate) targets: ProblemTargets,
    /// The columns that name a group, and what stands in them.
    pub(crate) columns: Vec<String>,
    pub(crate) names: Vec<Vec<String>>,
    /// The rows of each group.
    pub(crate) rows: Vec<usize>,
    pub(crate) found: Vec<Result<Selection, String>>,
    /// What was chosen for all groups together, for each target; empty where each has its own λ.
    pub(crate) joint: Vec<Choice>,
    /// How all of them were judged.
    pub(crate) scheme: Scheme,
    pub(crate) score: String,
    pub(crate) rule: Rule,
}

impl Choices {
    /// The name of a group in words.
    pub(crate) fn name(&self, group: usize) -> String {
        self.names[group].join(", ")
    }

    /// The choices that there are, with the numbers of their groups.
    pub(crate) fn answered(&self) -> impl Iterator<Item = (usize, &Selection)> {
        self.found.iter().enumerate().filter_map(|(group, own)| own.as_ref().ok().map(|own| (group, own)))
    }

    /// The groups without a choice, and why.
    pub(crate) fn refused(&self) -> impl Iterator<Item = (usize, &str)> {
        self.found.iter().enumerate().filter_map(|(group, own)| own.as_ref().err().map(|why| (group, why.as_str())))
    }

    /// The λs chosen for a target, from the least to the greatest.
    pub(crate) fn lambdas(&self, target: usize) -> Vec<f64> {
        quantiles::sorted(self.answered().map(|(_, own)| own.choice(target).lambda))
    }
}
