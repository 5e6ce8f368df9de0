//! What the benches solve: the data of `ridgepath bench`, for a grid of λ.

#[path = "../../cli/src/measure/made_data.rs"]
mod made_data;

use std::fmt;

use ridgepath::{Penalty, Shape, View};

use made_data::Made;

/// Made data of a shape.
pub(crate) struct Task {
    pub(crate) shape: Shape,
    data: Made,
}

impl Task {
    pub(crate) fn new(rows: usize, features: usize, targets: usize, penalties: usize) -> Self {
        let data = Made::new(rows, features, targets).expect("the data fit memory");
        Self { shape: Shape { rows, features, targets, penalties, problems: 1 }, data }
    }

    pub(crate) fn x(&self) -> View<'_> {
        View::column_major(&self.data.x, self.shape.rows, self.shape.features).expect("the vector holds the matrix")
    }

    pub(crate) fn y(&self) -> View<'_> {
        View::column_major(&self.data.y, self.shape.rows, self.shape.targets).expect("the vector holds the matrix")
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
