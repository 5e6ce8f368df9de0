//! The rungs `Exact`, `Qr`, `QrInPairs` and `LeastNorm`: equations to twice the digits and corrections against them, QR where these do
//! not come to rest, and the solution of least norm. Their answers are measured and written together.

use rayon::prelude::*;

use crate::answer::path::RidgePath;
use crate::cpu;
use crate::equations::forms::Equations;
use crate::equations::triangle::Triangle;
use crate::equations::weights::Weights;
use crate::error::Result;
use crate::model::outcome::{BackendUsed, Outcome, Route};
use crate::model::rung::{Reason, Rung};
use crate::model::watch::Report;
use crate::solve::solutions;
use crate::solve::task::{Device, Task};

/// λs by equations to twice the digits, whose answers are measured and written together.
pub(crate) struct Corrected<'a> {
    equations: Equations<'a>,
    /// The numbers of the λs in the path.
    numbers: Vec<usize>,
    weights: Vec<Weights>,
    /// Of the rows, once it is needed.
    triangle: Option<Triangle>,
    used: BackendUsed,
    /// Whether another precision or device was planned.
    rerouted: bool,
}

impl<'a> Corrected<'a> {
    /// The equations formed again, and solved with corrections; those of the λs handed back that did not come to rest.
    pub(crate) async fn new(
        task: &Task<'_>,
        (equations, numbers): (Equations<'a>, Vec<usize>),
        device: Device<'_>,
        (used, rerouted): (&BackendUsed, bool),
        report: Report<'_>,
    ) -> Result<(Self, Vec<(usize, Reason)>)> {
        let equations = equations.exact()?;
        let weights = solutions::solutions(task.plan, equations.normal(), device, report).await?;
        Ok(Self::of_weights(equations, numbers, weights, (used, rerouted)))
    }

    /// The weights of equations to twice the digits; those of the λs handed back that did not come to rest.
    pub(crate) fn of_weights(
        equations: Equations<'a>,
        numbers: Vec<usize>,
        weights: Vec<Weights>,
        (used, rerouted): (&BackendUsed, bool),
    ) -> (Self, Vec<(usize, Reason)>) {
        let open = numbers.iter().zip(&weights).filter(|(_, own)| own.errors.is_none());
        let open = open.map(|(k, _)| (*k, Reason::Corrections)).collect();
        (Self { equations, numbers, weights, triangle: None, used: used.clone(), rerouted }, open)
    }

    /// λs of these numbers in the path by a rung of QR, and those that it hands back.
    pub(crate) fn take(&mut self, rung: Rung, numbers: &[usize]) -> Result<Vec<(usize, Reason)>> {
        let positions: Vec<usize> =
            (0..self.numbers.len()).filter(|at| numbers.binary_search(&self.numbers[*at]).is_ok()).collect();
        let triangle = match self.triangle.take() {
            Some(triangle) => triangle,
            None => self.equations.triangle()?,
        };
        let normal = self.equations.normal();
        let again: Vec<Weights> = match rung {
            Rung::Qr => positions.par_iter().map(|k| cpu::qr::solve(&triangle, normal, *k)).collect(),
            Rung::QrInPairs => {
                let rows = self.equations.framed()?;
                positions.iter().map(|k| cpu::qr_in_pairs::solve(rows, normal, *k)).collect()
            }
            _ => positions.iter().map(|k| cpu::qr::minimum_norm(&triangle, normal, *k)).collect(),
        };
        let mut open = Vec::new();
        for (at, again) in positions.into_iter().zip(again) {
            let by_qr = again.outcome == Outcome::Rerouted { route: Route::Qr };
            let all = again.errors.as_ref().is_some_and(|errors| errors.iter().all(|e| *e <= f64::EPSILON));
            let reason = match rung {
                Rung::Qr if by_qr && !all => Some(Reason::QrDigits),
                Rung::Qr | Rung::QrInPairs if again.values.is_none() && normal.unpenalised(at) => {
                    Some(Reason::Dependent)
                }
                _ => None,
            };
            open.extend(reason.map(|reason| (self.numbers[at], reason)));
            self.weights[at] = again;
        }
        self.triangle = Some(triangle);
        Ok(open)
    }

    /// Writes the answers to the path.
    pub(crate) fn write(self, path: &mut RidgePath) {
        let mut own = RidgePath::of_weights(&self.equations, &self.weights, self.used, f64::EPSILON);
        if self.rerouted {
            own = own.rerouted(Route::Double);
        }
        path.replace(&own, self.numbers.into_iter().enumerate());
    }
}
