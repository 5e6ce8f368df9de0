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
use crate::choose::training::Training;
use crate::choose::unscored;
use crate::data::problem::Problem;
use crate::error::{Error, Result};
use crate::model::method::Backend;
use crate::model::outcome::Fallback;
use crate::model::penalty::Grid;
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
        let tasks = Tasks::new(partitions);
        let mut path = tasks.one(ridge).solve(problem, None).await?;
        let Judged { mut scores, spectrum, fallbacks } =
            self.judged((ridge, &tasks), problem, partitions, path.grid()).await?;
        for fallback in fallbacks {
            if !path.backend.fallbacks.contains(&fallback) {
                path.backend.fallbacks.push(fallback);
            }
        }
        let t = path.targets();
        let missing = match &spectrum {
            None => {
                unscored::missing(&path, &scores, |target| unscored::of_folds(&scores.folds, &self.score, target, t))
            }
            Some(spectrum) => {
                // Where there is no model to choose, there is no score.
                for (at, mean) in scores.means.iter_mut().enumerate() {
                    if path.intercept(at / t, at % t).is_nan() {
                        *mean = f64::NAN;
                    }
                }
                unscored::missing(&path, &scores, |target| match &self.scheme {
                    Scheme::Criterion(own) => {
                        let constant = unscored::constant(problem, 0..problem.rows(), target);
                        unscored::of_criterion(*own, spectrum, &path, (target, constant))
                    }
                    _ => unscored::of_rows(spectrum, &path, &self.score, target),
                })
            }
        };
        Ok(Scored { path, scores, missing })
    }

    /// The scores of a grid.
    pub(crate) async fn judged(
        &self,
        (ridge, tasks): (&Ridge, &Tasks),
        problem: &Problem<'_>,
        partitions: &[Partition],
        grid: Grid,
    ) -> Result<Judged> {
        let (name, better, (means, errors), units, spectrum) = match &self.scheme {
            Scheme::Folds(_) => {
                let ridge = ridge.clone().penalty(ridge.penalty.at(&grid.lambdas)).only_predicting();
                return self.by_folds((&ridge, tasks), problem, partitions).await;
            }
            Scheme::Criterion(criterion) => {
                let spectrum = RowSpectrum::new(problem, ridge.model, grid)?;
                let units = units(problem, Some(criterion.degree()));
                let values = spectrum.criterion_in_units(*criterion, &units[0]);
                let errors = vec![f64::NAN; values.len()];
                (criterion.name(), criterion.better(), (values, errors), units, spectrum)
            }
            Scheme::LeaveOneOut => {
                let spectrum = RowSpectrum::new(problem, ridge.model, grid)?;
                let units = units(problem, self.score.degree());
                let own = spectrum.leave_one_out(problem, &self.score, &units[0]);
                (self.score.name(), self.score.better(), own, units, spectrum)
            }
        };
        let [_, units] = units;
        let scores = Scores { name: name.to_owned(), better, folds: Vec::new(), means, errors, units };
        Ok(Judged { scores, spectrum: Some(spectrum), fallbacks: Vec::new() })
    }

    /// The scores of a grid that is written down by folds, each trained and scored.
    async fn by_folds(
        &self,
        (ridge, tasks): (&Ridge, &Tasks),
        problem: &Problem<'_>,
        partitions: &[Partition],
    ) -> Result<Judged> {
        let mut fallbacks = Vec::new();
        let mut scores = Vec::with_capacity(tasks.count - 1);
        let [of_targets, of_scores] = units(problem, self.score.degree());
        for partition in partitions {
            let parts: Vec<Part> = partition.parts.iter().map(|rows| Part::new(problem, rows)).collect();
            let training = Training::new(ridge, problem, partition);
            let of_parts = match training.needs_moments(ridge) {
                true => held_out::moments(ridge, ridge.shape(problem.x(), problem.y()), &parts).await?,
                false => Vec::new(),
            };
            let moments = held_out::training_moments(partition, &of_parts)?;
            let training = training.with_moments(&moments);
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
                match training.together(&tasks.one(ridge), group).await {
                    Ok(found) => {
                        let told = found.iter().flat_map(|own| &own.backend().fallbacks);
                        fallbacks.extend(told.filter(|own| matches!(own, Fallback::Share { .. })).cloned());
                        scores.extend(group.iter().zip(&found).map(|(own, path)| scored(own, path)));
                    }
                    Err(error) if error.is_device() && ridge.request.backend == Backend::Auto => {
                        fallbacks.push(Fallback::Device { reason: error.to_string() });
                        break;
                    }
                    Err(error) => return Err(error),
                }
                left = rest;
            }
            let alone = ridge.on_host();
            let (training, alone, parts, of_targets) = (&training, &alone, &parts, &of_targets);
            let fold = |own: (usize, usize)| async move {
                let judged = (&self.score, &of_targets[..]);
                training.scores(&tasks.one(alone), own, &parts[own.1], judged, |path| scored(&own, path)).await
            };
            scores.extend(on_cpu(left, fold).await?);
        }
        Ok(Judged { scores: Scores::of_folds(&self.score, scores, of_scores), spectrum: None, fallbacks })
    }
}

/// The scores of a grid, with the decomposition of the rows where they come from one, and why a device had no part in them.
pub(crate) struct Judged {
    pub(crate) scores: Scores,
    pub(crate) spectrum: Option<RowSpectrum>,
    fallbacks: Vec<Fallback>,
}

/// The tasks of a choice, of which each fold is one and the fit of all rows another, and what was told of all of them.
pub(crate) struct Tasks {
    count: usize,
    told: Arc<AtomicUsize>,
}

impl Tasks {
    pub(crate) fn new(partitions: &[Partition]) -> Self {
        let folds: usize = partitions.iter().map(|own| own.held_out().len()).sum();
        Self { count: folds + 1, told: Arc::default() }
    }

    /// A solver for one of the tasks.
    pub(crate) fn one(&self, ridge: &Ridge) -> Ridge {
        ridge.one_of(&self.told, self.count)
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
