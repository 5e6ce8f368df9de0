//! Columns given as differences from an origin: the way back.
//!
//! Numbers that lie close together far from zero, as times in nanoseconds do, have no room for their digits in 64 bits, but
//! their differences from one of them have. With an intercept such an origin changes nothing but the intercept.

use crate::error::{Error, Result};
use crate::path::RidgePath;
use crate::select::Selection;
use crate::wide::{two_product, two_sum};

impl RidgePath {
    /// The path of the same rows with `x[j]` added to each value of feature j and `y[t]` to each of target t: the intercept
    /// becomes b + y − Σ wⱼxⱼ, rounded once; all else stays.
    ///
    /// # Errors
    /// [`Error::Shape`] when there is not one number for each feature and target; [`Error::Conflict`] without an intercept, for
    /// then the coefficients would be others.
    pub fn with_origin(mut self, x: &[f64], y: &[f64]) -> Result<Self> {
        let matching = |what, found, wanted| match found == wanted {
            true => Ok(()),
            false => Err(Error::Shape { what, found, wanted }),
        };
        matching("origins of features against features", x.len(), self.features)?;
        matching("origins of targets against targets", y.len(), self.targets)?;
        if !self.intercept {
            let (first, second) = ("an origin of the columns", "a fit without intercept");
            return Err(Error::Conflict { first, second, instead: "the columns themselves" });
        }
        for (at, intercept) in self.intercepts.iter_mut().enumerate() {
            let w = &self.coefficients[at * self.features..(at + 1) * self.features];
            let (mut sum, mut lost) = two_sum(*intercept, y[at % self.targets]);
            // Where nothing is moved, nothing changes, be the coefficient a number or not.
            for (w, x) in w.iter().zip(x).filter(|(_, x)| **x != 0.0) {
                let (product, rest) = two_product(-w, *x);
                let (next, rounded) = two_sum(sum, product);
                (sum, lost) = (next, lost + (rest + rounded));
            }
            *intercept = sum + lost;
        }
        Ok(self)
    }
}

impl Selection {
    /// The same choice with the path of the moved rows, as [`RidgePath::with_origin`] has it.
    ///
    /// # Errors
    /// Those of [`RidgePath::with_origin`].
    pub fn with_origin(self, x: &[f64], y: &[f64]) -> Result<Self> {
        self.map_path(|path| path.with_origin(x, y))
    }
}
