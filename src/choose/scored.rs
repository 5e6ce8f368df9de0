//! The scores of every λ of a grid: trained and scored fold by fold, or read from one decomposition.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::answer::path::RidgePath;
use crate::choose::cross_validation::CrossValidation;
use crate::choose::folds::Partition;
use crate::choose::held_out::{self, Part};
use crate::choose::row_spectrum::RowSpectrum;
use crate::choose::scheme::Scheme;
use crate::choose::score::target_units;
use crate::choose::scores::Scores;
use crate::choose::unscored;
use crate::data::problem::Problem;
use crate::error::{Error, Result};
use crate::model::method::{Backend, Form, Precision};
use crate::model::outcome::Fallback;
use crate::moments::Moments;
use crate::plan::Shape;
use crate::solve::batch::on_cpu;
use crate::solve::ridge::Ridge;

/// The path of all rows, with the scores of its λs, and why a target has none.
pub(crate) struct Scored {
    pub(crate) path: RidgePath,
    pub(crate) scores: Scores,
    /// One for each target.
    pub(crate) missing: Vec<Option<Error>>,
}

impl Scored {
    /// Path and scores, where every target has one.
    pub(crate) fn of_all(self) -> Result<(RidgePath, Scores)> {
        match self.missing.into_iter().flatten().next() {
            Some(error) => Err(error),
            None => Ok((self.path, self.scores)),
        }
    }
}

impl CrossValidation {
    /// The parts of the rows that are held out in turn, where the scheme has folds. Checks, before anything is solved, that there are
    /// rows to train on and to score.
    pub(crate) fn partitions(&self, problem: &Problem<'_>) -> Result<Vec<Partition>> {
        match &self.scheme {
            Scheme::Folds(folds) => {
                let partitions = folds.partitions(problem.rows())?;
                held_out::check(&partitions, problem)?;
                Ok(partitions)
            }
            Scheme::LeaveOneOut => unscored::check_rows(problem, &self.score).map(|()| Vec::new()),
            Scheme::Criterion(_) => Ok(Vec::new()),
        }
    }

    /// Why a target can have no score whatever is fitted, for each target.
    pub(crate) fn unscorable(&self, problem: &Problem<'_>, partitions: &[Partition]) -> Vec<Option<Error>> {
        let reason = |target| match &self.scheme {
            Scheme::Criterion(_) => None,
            _ if !self.score.needs_spread() => None,
            Scheme::Folds(_) => held_out::constant(partitions, problem, &self.score, target),
            Scheme::LeaveOneOut => unscored::constant_of_all(problem, &self.score, target),
        };
        (0..problem.targets()).map(reason).collect()
    }

    /// The path of all rows, and its scores.
    pub(crate) async fn scored(
        &self,
        ridge: &Ridge,
        problem: &Problem<'_>,
        partitions: &[Partition],
    ) -> Result<Scored> {
        if let Scheme::Folds(_) = &self.scheme {
            return self.of_folds(ridge, problem, partitions).await;
        }
        ridge.one_decomposition()?;
        let path = ridge.solve(problem, None).await?;
        let spectrum = RowSpectrum::new(problem, ridge.model, path.grid())?;
        let (name, better, (mut means, errors), units) = match &self.scheme {
            Scheme::Criterion(criterion) => {
                let units = units(problem, Some(criterion.degree()));
                let values = spectrum.criterion_in_units(*criterion, &units[0]);
                let none = vec![f64::NAN; values.len()];
                (criterion.name(), criterion.better(), (values, none), units)
            }
            _ => {
                let units = units(problem, self.score.degree());
                let own = spectrum.leave_one_out(problem, &self.score, &units[0]);
                (self.score.name(), self.score.better(), own, units)
            }
        };
        let [_, units] = units;
        // Where there is no model to choose, there is no score.
        for (at, mean) in means.iter_mut().enumerate() {
            if path.intercept(at / path.targets(), at % path.targets()).is_nan() {
                *mean = f64::NAN;
            }
        }
        let scores = Scores { name: name.to_owned(), better, folds: Vec::new(), means, errors, units };
        let missing = unscored::missing(&path, &scores, |target| match &self.scheme {
            Scheme::Criterion(own) => {
                let constant = unscored::constant(problem, 0..problem.rows(), target);
                unscored::of_criterion(*own, &spectrum, &path, (target, constant))
            }
            _ => unscored::of_rows(&spectrum, &path, &self.score, target),
        });
        Ok(Scored { path, scores, missing })
    }

    /// The path of all rows, and its scores by folds, each trained and scored.
    async fn of_folds(&self, ridge: &Ridge, problem: &Problem<'_>, partitions: &[Partition]) -> Result<Scored> {
        let folds: usize = partitions.iter().map(|own| own.held_out().len()).sum();
        let told = Arc::new(AtomicUsize::new(0));
        let mut path = ridge.one_of(&told, folds + 1).solve(problem, None).await?;
        let penalty = ridge.penalty.at(path.lambdas());
        let ridge = ridge.clone().penalty(penalty).only_predicting();
        let mut scores = Vec::with_capacity(folds);
        let [of_targets, of_scores] = units(problem, self.score.degree());
        for partition in partitions {
            let parts: Vec<Part> = partition.parts.iter().map(|rows| Part::new(problem, rows)).collect();
            let of_parts = match needs_moments(&ridge, problem) {
                true => held_out::moments(&ridge, ridge.shape(problem.x(), problem.y()), &parts).await?,
                false => Vec::new(),
            };
            let moments = held_out::training_moments(partition, &of_parts)?;
            let training = Training { problem, partition, moments: &moments };
            let every: Vec<(usize, usize)> = partition.held_out().enumerate().collect();
            let scored = &|own: &(usize, usize), path: &RidgePath| {
                parts[own.1].scores(path, of_parts.get(own.1), &self.score, &of_targets)
            };
            let mut left = &every[..];
            // On a GPU as many as fit in the same dispatches; it may fail on the way.
            let together =
                ridge.together(Shape { problems: every.len(), ..ridge.shape(problem.x(), problem.y()) }).await?;
            while together > 0 && !left.is_empty() {
                let (group, rest) = left.split_at(together.min(left.len()));
                match training.together(&ridge.one_of(&told, folds + 1), group).await {
                    Ok(found) => {
                        let told = found.iter().flat_map(|own| &own.backend().fallbacks);
                        for failed in told.filter(|fallback| matches!(fallback, Fallback::Share { .. })) {
                            if !path.backend.fallbacks.contains(failed) {
                                path.backend.fallbacks.push(failed.clone());
                            }
                        }
                        scores.extend(group.iter().zip(&found).map(|(own, path)| scored(own, path)));
                    }
                    Err(error) if error.is_device() && ridge.request.backend == Backend::Auto => {
                        path.backend.fallbacks.push(Fallback::Device { reason: error.to_string() });
                        break;
                    }
                    Err(error) => return Err(error),
                }
                left = rest;
            }
            let alone = ridge.on_host();
            let (training, alone, told) = (&training, &alone, &told);
            let fold = |own: (usize, usize)| async move {
                let path = training.alone(&alone.one_of(told, folds + 1), own).await?;
                Ok(scored(&own, &path))
            };
            scores.extend(on_cpu(left, fold).await?);
        }
        let scores = Scores::of_folds(&self.score, scores, of_scores);
        let t = path.targets();
        let missing =
            unscored::missing(&path, &scores, |target| unscored::of_folds(&scores.folds, &self.score, target, t));
        Ok(Scored { path, scores, missing })
    }
}

/// The units of the targets, and those of scores of this degree: 1, if it has none.
pub(crate) fn units(problem: &Problem<'_>, degree: Option<i32>) -> [Vec<i32>; 2] {
    match degree {
        None => [vec![0; problem.targets()], vec![0; problem.targets()]],
        Some(degree) => {
            let units = target_units(problem);
            let of_scores = units.iter().map(|unit| degree * unit).collect();
            [units, of_scores]
        }
    }
}

/// Whether the equations of a fold are made from moments in double precision.
fn needs_moments(ridge: &Ridge, problem: &Problem<'_>) -> bool {
    let request = ridge.asked().request;
    let primal = request.form(ridge.shape(problem.x(), problem.y())) == Form::Primal;
    primal && request.backend != Backend::Reference && request.precision == Precision::Double
}

/// What is trained on when parts of a problem are held out.
struct Training<'a> {
    problem: &'a Problem<'a>,
    partition: &'a Partition,
    /// Of each fold, where they are known.
    moments: &'a [Moments],
}

impl Training<'_> {
    /// The paths of some folds, by their numbers and the parts that they hold out, on a GPU.
    async fn together(&self, ridge: &Ridge, folds: &[(usize, usize)]) -> Result<Vec<RidgePath>> {
        let weights: Vec<Vec<f64>> = folds.iter().map(|(_, test)| self.weights(*test)).collect();
        let known = |(number, _): &(usize, usize)| self.moments.get(*number).cloned();
        let folds = folds
            .iter()
            .zip(&weights)
            .map(|(own, weights)| Ok((self.problem.clone().with_weights(weights)?, known(own))));
        ridge.solve_together(folds.collect::<Result<Vec<_>>>()?).await
    }

    /// The path of one fold, on the CPU.
    async fn alone(&self, ridge: &Ridge, (number, test): (usize, usize)) -> Result<RidgePath> {
        let weights = self.weights(test);
        ridge.solve(&self.problem.clone().with_weights(&weights)?, self.moments.get(number).cloned()).await
    }

    /// The weights of the rows when a part is held out: 0 for those that are not trained on.
    fn weights(&self, test: usize) -> Vec<f64> {
        let mut weights = vec![0.0; self.problem.rows()];
        for (part, rows) in self.partition.parts.iter().enumerate() {
            if self.partition.trains(part, test) {
                rows.iter().for_each(|row| weights[*row] = self.problem.weight(*row));
            }
        }
        weights
    }
}
