//! Corrections whose residuals the host forms, in double precision or of twice the digits: solutions come back from the device, and
//! residuals go there.

use std::borrow::Cow;

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use crate::equations::normal::NormalEquations;
use crate::equations::products::{self, Answer, Factors, Product};
use crate::equations::refine;
use crate::equations::residual::{BATCH, Residual, of_product};
use crate::error::Result;
use crate::gpu::candidate::{Candidate, Found};
use crate::gpu::solution::{pack, unpack};
use crate::gpu::solver::{Numbered, Solver};
use crate::math::condition;
use crate::math::powers::{exponent, scaled};
use crate::model::outcome::Outcome;

/// A λ with its weights (n × t) on the host.
pub(crate) struct Held<'a> {
    candidate: Candidate<'a>,
    w: DMatrix<f64>,
    /// The digits of w beyond one double.
    low: DMatrix<f64>,
    /// The vector whose growth tells ‖A⁻¹‖, of norm 1.
    probe: DVector<f64>,
}

impl<'a> Held<'a> {
    /// Begins with the first solution, whose last column is the probe.
    pub(crate) fn new(normal: &'a NormalEquations, numbers: [usize; 3], mut solution: DMatrix<f64>) -> Self {
        let t = solution.ncols() - 1;
        let probe = solution.column(t).into_owned();
        let inverse = probe.norm();
        solution = solution.remove_column(t);
        Self {
            candidate: Candidate::new(normal, numbers, inverse),
            low: DMatrix::zeros(solution.nrows(), t),
            w: solution,
            probe: probe / inverse,
        }
    }

    /// What a residual is taken of.
    fn answer(&self) -> Answer<'_> {
        (self.candidate.k, &self.w, Some(&self.low))
    }

    /// Adds a correction; false when it does not converge.
    fn correct(&mut self, correction: &DMatrix<f64>, units: &[i32]) -> bool {
        let inverse = self.grown(correction);
        let d = DMatrix::from_fn(self.w.nrows(), self.w.ncols(), |i, target| {
            scaled(correction[(i, target)], units[target])
        });
        refine::add(&mut self.w, &mut self.low, &d);
        let sizes = d.column_iter().zip(self.w.column_iter()).map(|(d, w)| [d.norm(), w.norm()]);
        self.candidate.corrected(inverse, sizes)
    }

    /// Takes the probe from the last column of a solution, and tells by how much it has grown.
    fn grown(&mut self, solution: &DMatrix<f64>) -> f64 {
        let probe = solution.column(solution.ncols() - 1);
        let inverse = probe.norm();
        self.probe = probe / inverse;
        inverse
    }

    fn finish(self, outcome: Outcome) -> Found {
        (self.candidate.at, self.candidate.finish(self.w, Some(self.low), outcome))
    }
}

/// The right-hand sides of a matrix to begin with, n × (t + 1): c in its units, and the probe.
pub(crate) fn first_sides(numbered: Numbered<'_>, matrix: usize) -> DMatrix<f64> {
    let (normal, [_, k]) = numbered.of(matrix);
    let t = numbered.targets;
    let mut rhs = normal.cross.clone().resize_horizontally(t + 1, 0.0);
    rhs.set_column(t, &condition::start(numbered.features));
    normal.steps(k).into_iter().enumerate().for_each(|(j, unit)| rhs.view_mut((j, 0), (1, t)).scale_mut(unit));
    rhs
}

/// The answers of single precision, after the solves that estimate the condition number.
pub(crate) async fn single(solver: &Solver<'_>, count: usize, mut open: Vec<Held<'_>>) -> Result<Vec<Found>> {
    let sides = (solver.features, solver.targets + 1);
    // One solve says too little of ‖A⁻¹‖; corrections, which would bring more, there are none.
    for _ in 1..condition::STEPS {
        let of = by_number(count, &open, |held| held.candidate.at);
        let probe = |at: usize| {
            let mut rhs = DMatrix::zeros(sides.0, sides.1);
            rhs.set_column(sides.1 - 1, &open[of[at]?].probe);
            Some(Cow::Owned(rhs))
        };
        let solutions = solver.again(count, &pack(count, sides, probe)).await?;
        open.par_iter_mut().for_each(|held| {
            let inverse = held.grown(&unpack(&solutions, held.candidate.at, sides));
            held.candidate.grow(inverse);
        });
    }
    Ok(open.into_iter().map(|held| held.finish(Outcome::Solved)).collect())
}

/// Corrects weights until the residual of each is that of 64-bit arithmetic, or, of twice the digits, until they come to rest.
pub(crate) async fn refine<'a>(solver: &Solver<'a>, count: usize, mut open: Vec<Held<'a>>) -> Result<Vec<Found>> {
    let sides = (solver.features, solver.targets + 1);
    let mut found = Vec::new();
    for step in 0.. {
        let all = residuals_of(&open);
        let mut left = Vec::with_capacity(open.len());
        for (mut held, Residual { r, fits }) in open.into_iter().zip(all) {
            if held.candidate.solved(fits) {
                let outcome = if step == 0 { Outcome::Solved } else { Outcome::Refined { steps: step } };
                found.push(held.finish(outcome));
            } else if held.candidate.may_go_on(step) {
                left.push((held, r));
            }
        }
        if left.is_empty() {
            break;
        }
        // Each in units of its size, so that small residuals keep their digits in f32.
        let size = |(_, r): &(Held<'_>, DMatrix<f64>)| r.column_iter().map(|r| exponent(r.amax())).collect();
        let units: Vec<Vec<i32>> = left.par_iter().map(size).collect();
        let of = by_number(count, &left, |(held, _)| held.candidate.at);
        let side = |at: usize| {
            let (held, r) = &left[of[at]?];
            let mut rhs = r.clone().resize_horizontally(sides.1, 0.0);
            for (target, unit) in units[of[at]?].iter().enumerate() {
                rhs.column_mut(target).apply(|value| *value = scaled(*value, -unit));
            }
            rhs.set_column(sides.1 - 1, &held.probe);
            Some(Cow::Owned(rhs))
        };
        let corrections = solver.again(count, &pack(count, sides, side)).await?;
        let corrected = |((mut held, _), units): ((Held<'a>, DMatrix<f64>), Vec<i32>)| {
            let correction = unpack(&corrections, held.candidate.at, sides);
            held.correct(&correction, &units).then_some(held)
        };
        let corrected: Vec<Held<'a>> = left.into_par_iter().zip(units).filter_map(corrected).collect();
        let (rest, others): (Vec<_>, Vec<_>) = corrected.into_iter().partition(|held| held.candidate.at_rest());
        found.extend(rest.into_iter().map(|held| held.finish(Outcome::Refined { steps: step + 1 })));
        open = others;
    }
    Ok(found)
}

/// Where each matrix of the chunk is among some.
fn by_number<T>(count: usize, some: &[T], number: impl Fn(&T) -> usize) -> Vec<Option<usize>> {
    let mut of = vec![None; count];
    some.iter().enumerate().for_each(|(at, one)| of[number(one)] = Some(at));
    of
}

/// The residuals of λs of some problems, those of one following each other, on all cores. Their bits do not depend on how many
/// there are of any.
fn residuals_of(open: &[Held<'_>]) -> Vec<Residual> {
    let cores = rayon::current_num_threads();
    let of_problem = |open: &[Held<'_>]| {
        let normal = open[0].candidate.normal;
        // So many at a time that each core has a batch of columns.
        let some = (cores * BATCH).div_ceil(normal.targets());
        open.chunks(some).flat_map(|open| of_some(normal, open, cores)).collect::<Vec<_>>()
    };
    let problems: Vec<&[Held<'_>]> =
        open.chunk_by(|one, next| one.candidate.problem == next.candidate.problem).collect();
    problems.into_par_iter().flat_map_iter(of_problem).collect()
}

fn of_some(normal: &NormalEquations, open: &[Held<'_>], cores: usize) -> Vec<Residual> {
    let n = normal.features();
    let answers: Vec<Answer<'_>> = open.iter().map(Held::answer).collect();
    let factors = Factors::new(normal, &answers);
    let all = factors.high.ncols();
    let each = products::columns(all.div_ceil(cores));
    let starts: Vec<usize> = (0..all).step_by(each).collect();
    let part = |first: usize| factors.times(normal, first..all.min(first + each));
    let parts: Vec<Product> = starts.into_par_iter().map(part).collect();
    let joined = |part: &dyn Fn(&Product) -> Option<&DMatrix<f64>>| {
        let columns: Option<Vec<&[f64]>> = parts.iter().map(|own| part(own).map(DMatrix::as_slice)).collect();
        columns.map(|columns| DMatrix::from_vec(n, all, columns.concat()))
    };
    let low = joined(&|part| part.low.as_ref());
    let high = joined(&|part| Some(&part.high)).unwrap_or_else(|| DMatrix::zeros(n, all));
    let product = Product { high, low };
    answers.par_iter().enumerate().map(|own| of_product(normal, own, &factors.high, &product)).collect()
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::{Held, residuals_of};
    use crate::cpu;
    use crate::data::framed::Framed;
    use crate::data::problem::Problem;
    use crate::equations::exact::exact;
    use crate::equations::normal::NormalEquations;
    use crate::equations::residual::residuals;
    use crate::model::Model;
    use crate::model::penalty::Penalty;

    /// Equations of made data, of twice the digits if asked.
    fn made(n: usize, t: usize, twice: bool) -> NormalEquations {
        let value = |i: usize, j: usize| ((i * i + 3 * i * j + j + 1) as f64).sin();
        let (x, y) = (DMatrix::from_fn(2 * n, n, value), DMatrix::from_fn(2 * n, t, |i, j| value(i, n + j)));
        let problem = Problem::new(&x, &y).expect("finite");
        let moments = cpu::gram::gram::<f64>(&problem).expect("in range");
        let penalty = Penalty::Lambdas((1..=9).map(f64::from).collect());
        let normal = NormalEquations::with_penalty(&moments, Model::default(), &penalty).expect("λs are positive");
        if twice { exact(&Framed::centred(&problem).expect("in range"), normal) } else { normal }
    }

    #[test]
    fn residuals_have_the_bits_of_one_lambda_alone_on_any_number_of_cores() {
        for (n, t, twice) in [(3, 1, false), (70, 1, false), (33, 30, false), (20, 3, true), (9, 100, false)] {
            let normal = made(n, t, twice);
            let w = DMatrix::from_fn(n, t + 1, |i, j| ((7 * i + j) as f64).cos());
            let open: Vec<Held<'_>> = (0..9).map(|k| Held::new(&normal, [0, k, k], &w / (k as f64 + 3.0))).collect();
            let wanted: Vec<_> = open.iter().map(|held| residuals(&normal, &[held.answer()]).remove(0)).collect();
            for threads in [1, 3, 16] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
                let found = pool.install(|| residuals_of(&open));
                assert_eq!(found.len(), 9);
                for (found, wanted) in found.iter().zip(&wanted) {
                    let context = format!("n {n}, t {t}, {threads} threads");
                    assert!(found.r.iter().zip(&wanted.r).all(|(a, b)| a.to_bits() == b.to_bits()), "{context}");
                    assert_eq!(format!("{:?}", found.fits), format!("{:?}", wanted.fits), "{context}");
                }
            }
        }
    }
}
