//! The sizes of a task, and what follows from them alone.

use crate::error::{Error, Result};
use crate::math::resolvent::MOST_NODES;
use crate::model::method::{Form, Strategy};
use crate::plan::rates::{Rates, Sizes};

/// m, n, t and k of a task, and p.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// m, rows.
    pub rows: usize,
    /// n, features.
    pub features: usize,
    /// t, targets.
    pub targets: usize,
    /// k, penalties.
    pub penalties: usize,
    /// p, problems of this shape that are solved side by side; 1 for one regression.
    pub problems: usize,
}

/// The order of equations from which memory counts, and the factors of that size that the CPU holds at a time.
pub(crate) const LARGE: usize = 1000;
pub(crate) const LARGE_FACTORS: usize = 2;

impl Shape {
    /// The form of less work.
    #[must_use]
    pub fn form(&self) -> Form {
        if self.features > self.rows { Form::Dual } else { Form::Primal }
    }

    /// Floating-point operations of matrix, factorizations and substitutions: mn(n + 2t) + kn³/3 + 2ktn² in the primal form,
    /// nm² + km³/3 + 2ktm(m + n) in the dual; p times that.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub fn flops(&self, form: Form) -> f64 {
        let sizes = [self.rows, self.features, self.targets, self.penalties, self.problems];
        let [m, n, t, k, p] = sizes.map(|size| size as f64);
        p * match form {
            Form::Primal => m * n * (n + 2.0 * t) + k * n.powi(3) / 3.0 + 2.0 * k * t * n * n,
            Form::Dual => n * m * m + k * m.powi(3) / 3.0 + 2.0 * k * t * m * (m + n),
        }
    }

    /// Refuses sizes whose products are no sizes of memory, so that what is counted from them does not overflow.
    pub(super) fn check(&self, form: Form) -> Result<()> {
        const MOST: u128 = 1 << 60;
        let order = self.order(form) as u128;
        let [m, n, t, k] = [self.rows, self.features, self.targets, self.penalties].map(|size| size as u128);
        let products = [m.saturating_mul(n + t), order * order, (k * t).saturating_mul(n)];
        let problems = self.problems as u128;
        match products.into_iter().all(|numbers| numbers.saturating_mul(problems) <= MOST) {
            true => Ok(()),
            false => Err(Error::Overflow {
                what: "the size of the task",
                detail: format!("{m} rows, {n} features, {t} targets and {k} penalties{}", self.times()),
            }),
        }
    }

    /// " of p problems", where there is not one.
    pub(super) fn times(&self) -> String {
        if self.problems == 1 { String::new() } else { format!(" of {} problems", self.problems) }
    }

    /// Bytes that the CPU takes beside the data, in double precision, but for blocks of a few MiB: matrices of the order of the
    /// equations (the equations, and a reduction with its basis, or a factor for each of four cores, from order 1000 on two in
    /// all), their right-hand sides twice, what penalties add to them, 12 bytes for each row, and the answers; in the dual form
    /// these twice, and three times those of the equations, or of nodes once, and these of the nodes alone. λs so ill-conditioned that equations of twice the digits are formed
    /// take more. Of p problems p times as many, if all are held at once.
    #[must_use]
    pub fn bytes_on_cpu(&self, form: Form, strategy: Strategy) -> u64 {
        let n = self.order(form) as u128;
        let matrices = match strategy {
            Strategy::Cholesky if n < LARGE as u128 => 1 + 4,
            Strategy::Cholesky => 1 + LARGE_FACTORS as u128,
            // The equations of the nodes once more, and their answers.
            Strategy::Nodes => 2 + if n < LARGE as u128 { 4 } else { LARGE_FACTORS as u128 },
            Strategy::Spectral => 3,
        };
        let [features, t, k] = [self.features, self.targets, self.penalties].map(|size| size as u128);
        let of_dual = 2 * features + 3 * n;
        let answers = match (form, strategy) {
            (Form::Primal, _) => k * features,
            (Form::Dual, Strategy::Nodes) => k * features + k.min(MOST_NODES as u128) * of_dual,
            (Form::Dual, _) => k * of_dual,
        };
        let one = 8 * (matrices * n * n + 2 * n * t + t * answers) + 12 * k * n;
        u64::try_from(one.saturating_mul(self.problems as u128)).unwrap_or(u64::MAX)
    }

    /// About how long the λs of all problems take on a CPU, as [`Rates::seconds`] has it for one.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub(super) fn seconds(&self, strategy: Strategy, form: Form, rates: &Rates) -> f64 {
        self.problems as f64 * rates.seconds(strategy, form, self.sizes(form))
    }

    /// The sizes of one problem.
    pub(super) fn sizes(&self, form: Form) -> Sizes {
        let Self { features, targets, penalties, .. } = *self;
        Sizes { order: self.order(form), features, targets, penalties }
    }

    /// The order of the equations.
    pub(crate) fn order(&self, form: Form) -> usize {
        match form {
            Form::Primal => self.features,
            Form::Dual => self.rows,
        }
    }
}
