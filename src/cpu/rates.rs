//! How fast this machine's CPU is: the stages timed that strategies differ in.

use std::hint::black_box;
use std::num::NonZero;
use std::thread;
use std::time::Instant;

use nalgebra::DMatrix;

use crate::cpu::factor::factor;
use crate::equations::normal::NormalEquations;
use crate::math::tridiagonal::Tridiagonal;
use crate::model::Model;
use crate::model::penalty::Grid;
use crate::model::penalty_factors::PenaltyFactors;
use crate::moments::Moments;
use crate::plan::Rates;

/// The order of what is timed: large enough for full speed, small enough to take no time to speak of.
const ORDER: usize = 480;
/// Columns of a product, as many as strategy `spectral` takes at a time.
const COLUMNS: usize = 64;
/// Right-hand sides of a substitution: with one it is slower, and counts for little.
const RIGHT_HAND_SIDES: usize = 32;
/// How often each operation is timed. The least time counts: what else the machine does only adds to it.
const ROUNDS: usize = 5;

impl Rates {
    /// Measures the rates of this machine, in about a tenth of a second. A second measurement differs a little.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    pub fn measure() -> Self {
        let (n, columns, right_hand_sides) = (ORDER as f64, COLUMNS as f64, RIGHT_HAND_SIDES as f64);
        let matrix = DMatrix::from_fn(ORDER, ORDER, |i, j| if i == j { n } else { ((i + j) % 7) as f64 / 7.0 });
        let normal = equations(matrix.clone());
        let shifts = [1.0; COLUMNS];
        let mut least = [f64::INFINITY; 4];
        for _ in 0..ROUNDS {
            let mut rhs = DMatrix::from_element(ORDER, RIGHT_HAND_SIDES, 1.0);
            let mut block = DMatrix::from_element(ORDER, COLUMNS, 1.0);
            let copy = matrix.clone();
            let (factored, factor) = timed(|| factor::<f64>(&normal, 0));
            let ((), substitute) = timed(|| factored.solve_into(&mut rhs));
            let (tridiagonal, reduce) = timed(|| Tridiagonal::new(copy));
            let ((), product) = timed(|| {
                tridiagonal.solve(&shifts, &mut block);
                tridiagonal.multiply(&mut block);
            });
            black_box((rhs, block));
            for (least, seconds) in least.iter_mut().zip([factor, substitute, reduce, product]) {
                *least = least.min(seconds);
            }
        }
        let [factor, substitute, reduce, product] = least;
        Self {
            factor: n.powi(3) / 3.0 / factor,
            substitute: 2.0 * n * n * right_hand_sides / substitute,
            reduce: 4.0 / 3.0 * n.powi(3) / reduce,
            product: 2.0 * n * n * columns / product,
            cores: thread::available_parallelism().map_or(1, NonZero::get),
        }
    }
}

/// Positive definite ones with this matrix, one target and one λ.
fn equations(gram: DMatrix<f64>) -> NormalEquations {
    let grid = Grid { lambdas: vec![1.0], shifts: vec![1.0], factors: PenaltyFactors::default() };
    NormalEquations::new(&Moments { gram, ..Moments::new(ORDER, 1) }, Model::default(), grid)
}

/// The result, and the seconds that it took: a nanosecond where the clock saw none.
fn timed<R>(work: impl FnOnce() -> R) -> (R, f64) {
    let begun = Instant::now();
    let result = black_box(work());
    (result, begun.elapsed().as_secs_f64().max(1e-9))
}
