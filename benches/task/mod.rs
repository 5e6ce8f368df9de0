//! The data that the benchmarks solve.

use std::fmt;

use ridgepath::{Penalty, Shape, View};

/// Rows of noise with a linear answer, the same in every run.
pub(crate) struct Task {
    pub(crate) shape: Shape,
    x: Vec<f32>,
    y: Vec<f32>,
}

impl Task {
    pub(crate) fn new(rows: usize, features: usize, penalties: usize) -> Self {
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / 2f32.powi(23) - 1.0
        };
        let x: Vec<f32> = (0..rows * features).map(|_| random()).collect();
        let y = x.chunks(features).map(|row| row.iter().take(8).sum::<f32>() + random()).collect();
        Self { shape: Shape { rows, features, targets: 1, penalties, problems: 1 }, x, y }
    }

    pub(crate) fn x(&self) -> View<'_> {
        View::row_major(&self.x, self.shape.rows, self.shape.features).expect("the slice holds the matrix")
    }

    pub(crate) fn y(&self) -> View<'_> {
        (&self.y).into()
    }

    pub(crate) fn lambdas(&self) -> Vec<f64> {
        Penalty::log_grid(1e2, 1e-4, self.shape.penalties).expect("the ends are positive")
    }
}

/// Rows × features × λ.
impl fmt::Display for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}x{}x{}", self.shape.rows, self.shape.features, self.shape.penalties)
    }
}

/// Whether the large sizes are wanted: `RIDGEPATH_BENCH=full`.
pub(crate) fn full() -> bool {
    std::env::var("RIDGEPATH_BENCH").is_ok_and(|value| value == "full")
}
