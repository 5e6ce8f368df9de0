//! How far a climb of the ladder has come: what `Task::climb`, in `ladder.rs`, carries from rung to rung.

use crate::answer::path::RidgePath;
use crate::equations::forms::Equations;
use crate::model::rung::{Reason, Retry};
use crate::solve::corrected::Corrected;
use crate::solve::task::Device;

/// Equations in double precision, the numbers of their λs in the path, and the device that solved them.
pub(crate) struct Solved<'a> {
    pub(crate) equations: Equations<'a>,
    pub(crate) numbers: Vec<usize>,
    pub(crate) device: Device<'a>,
}

/// How far the λs have come.
pub(crate) struct Climb<'a> {
    /// The answers so far.
    pub(crate) path: RidgePath,
    /// What was solved in double precision, until it is solved to twice the digits.
    pub(crate) solved: Option<Solved<'a>>,
    /// What was found by equations to twice the digits, and is yet to be written to the path.
    pub(crate) corrected: Option<Corrected<'a>>,
    /// The λs that were handed back, and why.
    pub(crate) open: Vec<(usize, Reason)>,
    /// The λs that the first rung handed to another itself.
    pub(crate) retries: Vec<Retry>,
}
