//! The scale on which every penalty is a shift of one matrix: B + shift·I with B = RGR and R = D^-½.

use nalgebra::DMatrix;

use crate::equations::normal::NormalEquations;
use crate::math::powers::scaled;

/// The exponent of R, the largest being 0, below which a row stands apart: elements of B are then below 2^-500 of the largest.
const APART: i32 = -500;

/// R, and the shifts on the scale of B, of equations whose D is > 0 and that of every λ.
pub(crate) struct PenalisedScale {
    /// The diagonal of R in the units of G; 0 for the features that stand [`apart`](Self::apart).
    pub(crate) roots: Vec<f64>,
    /// Rows and columns of G that hold nothing, or so little on the scale of B that none of it counts beside a shift within reach:
    /// their equations are one number each.
    pub(crate) apart: Vec<usize>,
    /// The shift of each λ.
    pub(crate) shifts: Vec<f64>,
    /// Shifts are in units of 2^(2·`top`).
    top: i32,
}

impl PenalisedScale {
    pub(crate) fn new(normal: &NormalEquations) -> Self {
        let n = normal.features();
        // 1/√D in the units of the columns: mantissa and exponent, the largest exponent 0.
        let root = |j: usize| {
            let (weight, exponent) = normal.penalty_weight(0, j); // equal for all λ, and > 0
            let half = exponent.div_euclid(2);
            (1.0 / scaled(weight, exponent - 2 * half).sqrt(), -(half + normal.unit[j]))
        };
        let roots: Vec<(f64, i32)> = (0..n).map(root).collect();
        let holds = |j: usize| normal.gram[(j, j)] > 0.0;
        let top = (0..n).filter(|j| holds(*j)).map(|j| roots[j].1).max().unwrap_or(0);
        let counts = |j: usize| holds(j) && roots[j].1 - top >= APART;
        let relative = |j: usize| if counts(j) { scaled(roots[j].0, roots[j].1 - top) } else { 0.0 };
        let roots: Vec<f64> = (0..n).map(relative).collect();
        let apart = (0..n).filter(|j| roots[*j] == 0.0).collect();
        Self { roots, apart, shifts: normal.grid.shifts.iter().map(|shift| scaled(*shift, -2 * top)).collect(), top }
    }

    /// B.
    pub(crate) fn matrix(&self, normal: &NormalEquations) -> DMatrix<f64> {
        let n = normal.features();
        DMatrix::from_fn(n, n, |i, j| normal.gram[(i, j)] * (self.roots[i] * self.roots[j]))
    }

    /// A shift on the scale of B as that of a λ.
    pub(crate) fn natural(&self, shift: f64) -> f64 {
        scaled(shift, 2 * self.top)
    }
}
