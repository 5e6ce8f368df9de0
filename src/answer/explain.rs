//! How a path came about, in words.

use std::fmt::Write;

use crate::answer::path::RidgePath;
use crate::model::rung::{Reason, Rung};

impl RidgePath {
    /// Who answered and by which equations, and which λs another route took, and why: line by line, as
    /// [`Plan::explain`](crate::Plan::explain) says what is planned.
    ///
    /// ```
    /// use ridgepath::{Ridge, View};
    /// let x = View::row_major(&[1.0, 1.0, 2.0, 2.0 + 1e-9, 3.0, 3.0, 4.0, 4.0], 4, 2)?;
    /// let path = Ridge::new().lambdas([1.0, 1e-20]).fit(x, &[1.0, 2.0, 3.0, 5.0])?;
    /// println!("{}", path.explain());
    /// // cpu, cholesky, double precision: 2 λ
    /// // QR: 1 λ, 1e-20, since corrections did not come to rest
    /// assert!(path.explain().contains("QR: 1 λ, 1e-20"), "{}", path.explain());
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    #[must_use]
    pub fn explain(&self) -> String {
        let used = self.backend();
        let mut text = format!("{}, {}, {} precision: {} λ\n", used.name, used.method(), used.precision, self.len());
        if let Some(fallback) = used.fallback() {
            let _ = writeln!(text, "fallback: {fallback}");
        }
        let mut kinds: Vec<(Rung, Reason)> = Vec::new();
        for retry in self.retries() {
            if !kinds.contains(&(retry.rung, retry.reason)) {
                kinds.push((retry.rung, retry.reason));
            }
        }
        for (rung, reason) in kinds {
            let retries = self.retries().iter().filter(|retry| (retry.rung, retry.reason) == (rung, reason));
            let lambdas: Vec<f64> = retries.map(|retry| self.lambdas()[retry.index]).collect();
            let least = lambdas.iter().copied().fold(f64::INFINITY, f64::min);
            let most = lambdas.iter().copied().fold(0.0, f64::max);
            let range = if least == most { format!("{least:?}") } else { format!("{least:?} to {most:?}") };
            let _ = writeln!(text, "{rung}: {} λ, {range}, since {reason}", lambdas.len());
        }
        text
    }
}
