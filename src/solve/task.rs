//! What one climb of the ladder is about, and where it starts.

use crate::data::problem::Problem;
use crate::equations::forms::Equations;
use crate::equations::nodes::Nodes;
use crate::equations::weights::Weights;
use crate::gpu::Gpu;
use crate::model::method::Form;
use crate::model::rung::Rung;
use crate::model::watch::Report;
use crate::plan::{GpuPlan, Plan};
use crate::solve::asked::Asked;
use crate::solve::known::Known;

/// A GPU with the plan of the work there.
pub(crate) type Device<'a> = Option<(&'a Gpu, &'a GpuPlan)>;

/// One problem, what is asked of it, and what is planned.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) asked: &'a Asked,
    pub(crate) plan: &'a Plan,
    pub(crate) problem: &'a Problem<'a>,
    pub(crate) device: Device<'a>,
    pub(crate) report: Report<'a>,
}

/// What a device has found for the equations of a problem.
pub(crate) enum Found {
    /// The answer of every λ, where the device reaches it.
    Each(Vec<Option<Weights>>),
    /// The answers of the nodes, of which those that the device does not reach are factored on the CPU.
    Nodes { nodes: Box<Nodes>, weights: Vec<Weights> },
}

/// Where a climb starts.
pub(crate) enum Start<'a> {
    /// At the rows; with their sums where these are known, and for the λs of these numbers alone if given.
    Rows { known: Option<Known>, numbers: Option<&'a [usize]> },
    /// With what a device has found for the equations of all λs, which may have twice the digits.
    Found { equations: Box<Equations<'a>>, found: Found },
}

impl Start<'_> {
    /// All λs, from the rows.
    pub(crate) const ROWS: Self = Start::Rows { known: None, numbers: None };
}

impl<'a> Task<'a> {
    /// This problem by other rungs, on the CPU.
    pub(crate) fn by<'b>(&'b self, plan: &'b Plan) -> Task<'b> {
        Task { plan, device: None, report: self.report.untold(), ..*self }
    }

    /// The orders of the equations planned, and of those of the other form.
    pub(crate) fn orders(&self) -> [usize; 2] {
        let (m, n) = (self.problem.rows(), self.problem.features());
        if self.plan.form == Form::Primal { [n, m] } else { [m, n] }
    }

    pub(crate) fn is_double(&self) -> bool {
        self.plan.rungs.first() == Some(&Rung::Double)
    }
}
