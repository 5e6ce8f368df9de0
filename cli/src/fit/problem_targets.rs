//! Which of the targets of the file a problem has.

/// All of them, as groups, windows and replicates have; or one, where each target is a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProblemTargets {
    All,
    Own,
}

impl ProblemTargets {
    /// How many each problem has, of so many in the file.
    pub(crate) fn count(self, all: usize) -> usize {
        match self {
            Self::All => all,
            Self::Own => 1,
        }
    }

    /// The number in the file of a target that has number `place` in a problem.
    pub(crate) fn number(self, problem: usize, place: usize) -> usize {
        match self {
            Self::All => place,
            Self::Own => problem,
        }
    }
}
