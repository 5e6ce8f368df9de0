//! A permutation test: how often targets that belong to no row of X are predicted as well.

use nalgebra::DMatrix;

use crate::choose::cross_validation::CrossValidation;
use crate::choose::folds::Partition;
use crate::choose::grid::extended;
use crate::choose::rule::{Choice, Edge};
use crate::choose::score::Better;
use crate::choose::scored::Scored;
use crate::choose::scores::{InUnits, edges};
use crate::choose::selection::Selection;
use crate::data::gathered::run;
use crate::data::view::View;
use crate::error::{Error, Result};
use crate::math::powers::scaled;
use crate::math::random::SplitMix64;
use crate::model::watch::Watch;
use crate::solve::ridge::Ridge;

/// Permutations beyond which nobody learns more.
const MOST_PERMUTATIONS: usize = 10_000_000;
/// Numbers that the columns of permutations solved together hold, in a path of theirs and in their scores: 64 MiB.
const NUMBERS: usize = 1 << 23;
/// Scores that differ by less of the score of the data are as good: they come from sums of other orders.
const ROUNDING: f64 = 1e-9;

/// A permutation test of a choice, by [`CrossValidation::permutation_test`]: its score on the data beside those on permuted targets.
#[derive(Debug, Clone)]
pub struct PermutationTest {
    selection: Selection,
    observed: Vec<InUnits>,
    permuted: Vec<Result<Vec<InUnits>>>,
}

/// Permutations that are solved for the same grid.
struct Round {
    ridge: Ridge,
    numbers: Vec<usize>,
    /// How often the grid has grown.
    extensions: usize,
}

/// Targets with the rows that are permuted.
struct Permuted<'a> {
    x: View<'a>,
    y: DMatrix<f64>,
    /// Those of positive weight.
    rows: Vec<usize>,
    seed: u64,
}

impl CrossValidation {
    /// Whether features predict anything: the score of the choice ([`Choice::score`]) on the data, and those with the rows of Y
    /// permuted, all targets of a row together, each chosen anew as [`fit`](Self::fit) would. If Y has nothing to do with X, any of
    /// them is as likely to be the best, so that p = (1 + those at least as good)/(1 + permutations) is at most α with
    /// probability α (Fisher, 1935; Phipson and Smyth, 2010). Blocking.
    ///
    /// X is m × n, Y m × t. There is a p-value for each target with [`per_target`](Self::per_target), else one for all, of their mean
    /// score. Folds, labels and weights stay with the rows of X, as does the grid scaled from them: the question is whether Y
    /// depends on X where it may not depend on the weights either. Rows of weight 0 keep their targets, and have no part in it. Where
    /// rows belong together (series in time, repeated measurements) they do not trade places at random, and p is too small.
    ///
    /// Permutation number i depends on the seed, i and the number of rows of positive weight alone: Fisher–Yates with `SplitMix64`. As X
    /// is the same for all, permutations are further columns of Y, solved many at a time, 64 MiB of coefficients at most; their
    /// scores are those of `fit` but for rounding.
    ///
    /// ```
    /// use ridgepath::{CrossValidation, Ridge};
    /// let x: Vec<f64> = (0..40).map(|i| f64::from(i * i % 23)).collect();
    /// let y: Vec<f64> = x.iter().enumerate().map(|(i, x)| 2.0 * x + (i % 5) as f64).collect();
    /// let test = CrossValidation::new(Ridge::new()).permutation_test(&x, &y, 99, 1)?;
    /// assert_eq!(test.p_value(0), 0.01); // none of 99 is as good
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Count`] for no permutations or more than 10⁷, and as [`fit`](Self::fit).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn permutation_test<'a>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        permutations: usize,
        seed: u64,
    ) -> Result<PermutationTest> {
        pollster::block_on(self.permutation_test_async(x, y, permutations, seed))
    }

    /// [`permutation_test`](Self::permutation_test) for async code and browsers.
    ///
    /// # Errors
    /// As [`permutation_test`](Self::permutation_test).
    pub async fn permutation_test_async<'a>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        permutations: usize,
        seed: u64,
    ) -> Result<PermutationTest> {
        let (x, y) = (x.into(), y.into());
        if !(1..=MOST_PERMUTATIONS).contains(&permutations) {
            let what = "permutations of a test";
            return Err(Error::Count { what, found: permutations, least: 1, most: MOST_PERMUTATIONS });
        }
        let mut own = self.clone();
        own.ridge = own.ridge.silent();
        let problem = own.ridge.problem(x, y)?;
        let selection = own.fit_problem(&problem).await?;
        let observed = selection.in_units(own.per_target)?;
        let partitions = own.partitions(&problem)?;
        let rows = (0..problem.rows()).filter(|row| problem.weight(*row) > 0.0).collect();
        let permuted = Permuted { x, y: run(y, 0..problem.rows()), rows, seed };
        let k = own.ridge.penalty.len();
        let report = self.ridge.reporter(permutations * k);
        let mut rounds = vec![Round { ridge: own.ridge.clone(), numbers: (0..permutations).collect(), extensions: 0 }];
        let mut found: Vec<Option<Result<Vec<InUnits>>>> = vec![None; permutations];
        let mut done = 0;
        while let Some(round) = rounds.pop() {
            let mut grown: Vec<(Vec<Edge>, Round)> = Vec::new();
            for numbers in round.numbers.chunks(permuted.at_a_time(&round.ridge, &partitions)) {
                let (scored, unscorable) = permuted.scored((&own, &round.ridge), numbers, &partitions).await?;
                for (place, number) in numbers.iter().enumerate() {
                    let choices = own.of_permutation(&scored, &unscorable, place, observed.len());
                    let edges =
                        choices.as_ref().map_or_else(|_| Vec::new(), |own| edges(own.iter().map(|own| &own.choice)));
                    let grid = match round.extensions < own.extensions {
                        true => extended(&round.ridge.penalty, &scored.path.grid(), &edges),
                        false => None,
                    };
                    let Some(grid) = grid else {
                        found[*number] = Some(choices);
                        done += 1;
                        continue;
                    };
                    match grown.iter_mut().find(|(same, _)| *same == edges) {
                        Some((_, more)) => more.numbers.push(*number),
                        None => {
                            let ridge = round.ridge.clone().penalty(grid);
                            let extensions = round.extensions + 1;
                            grown.push((edges, Round { ridge, numbers: vec![*number], extensions }));
                        }
                    }
                }
                report.done(done * k);
            }
            rounds.extend(grown.into_iter().map(|(_, round)| round));
        }
        // Each was in one round until it was found.
        Ok(PermutationTest { selection, observed, permuted: found.into_iter().flatten().collect() })
    }

    /// What is chosen for a permutation, that at this place among those solved together.
    fn of_permutation(
        &self,
        scored: &Scored,
        unscorable: &[Option<Error>],
        place: usize,
        t: usize,
    ) -> Result<Vec<InUnits>> {
        let targets = place * t..(place + 1) * t;
        let none = unscorable[targets.clone()].iter().chain(&scored.missing[targets.clone()]).flatten().next();
        if let Some(error) = none {
            return Err(of_one(error, t));
        }
        let grid = (scored.path.lambdas(), scored.path.shifts());
        scored.scores.of_some(targets).choose(grid, t, self.rule, self.per_target)
    }
}

/// The error with the number that a target has among its t, not among those of all permutations.
fn of_one(error: &Error, t: usize) -> Error {
    let mut own = error.clone();
    if let Error::ConstantTarget { target, .. } | Error::NoScore { target, .. } = &mut own {
        *target %= t;
    }
    own
}

impl Permuted<'_> {
    /// How many permutations are solved at a time. It depends on sizes alone, as do the bits of their scores.
    fn at_a_time(&self, ridge: &Ridge, partitions: &[Partition]) -> usize {
        let (m, t) = self.y.shape();
        let folds: usize = partitions.iter().map(|own| own.held_out().len()).sum();
        let of_lambdas = ridge.penalty.len().saturating_mul(self.x.columns() + folds + 8);
        (NUMBERS / of_lambdas.saturating_add(4 * m).saturating_mul(t)).max(1)
    }

    /// Scores of some permutations, those of one after those of the other, and why a target can have none.
    async fn scored(
        &self,
        (choice, ridge): (&CrossValidation, &Ridge),
        numbers: &[usize],
        partitions: &[Partition],
    ) -> Result<(Scored, Vec<Option<Error>>)> {
        let ridge = self.of_many(ridge, numbers.len());
        let y = self.targets(numbers);
        let problem = ridge.problem(self.x, (&y).into())?;
        let unscorable = choice.unscorable(&problem, partitions);
        Ok((choice.scored(&ridge, &problem, partitions).await?, unscorable))
    }

    /// The targets of some permutations, beside one another.
    fn targets(&self, numbers: &[usize]) -> DMatrix<f64> {
        let (m, t) = self.y.shape();
        let mut all = DMatrix::zeros(m, t * numbers.len());
        for (place, number) in numbers.iter().enumerate() {
            let order = SplitMix64::stream(self.seed, *number as u64).shuffled(self.rows.len());
            for target in 0..t {
                let (from, mut to) = (self.y.column(target), all.column_mut(place * t + target));
                to.copy_from(&from);
                self.rows.iter().zip(&order).for_each(|(row, place)| to[*row] = from[self.rows[*place]]);
            }
        }
        all
    }

    /// The solver for the targets of so many permutations, whose prior means are those of the targets.
    fn of_many(&self, ridge: &Ridge, count: usize) -> Ridge {
        let mut own = ridge.clone();
        if let Some(mean) = own.prior.mean.as_mut().filter(|mean| mean.len() > self.x.columns()) {
            *mean = mean.repeat(count);
        }
        own
    }
}

impl PermutationTest {
    /// What is chosen on the data.
    #[must_use]
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// B, the number of permutations.
    #[must_use]
    pub fn permutations(&self) -> usize {
        self.permuted.len()
    }

    /// t.
    #[must_use]
    pub fn targets(&self) -> usize {
        self.observed.len()
    }

    /// The name of the score, or of the criterion.
    #[must_use]
    pub fn score_name(&self) -> &str {
        self.selection.score_name()
    }

    /// Which of two scores is better.
    #[must_use]
    pub fn better(&self) -> Better {
        self.selection.better()
    }

    /// What is chosen for a target in a permutation, as [`Choices::choice`](crate::choose::Choices::choice) has it for the data; `None` where nothing could be.
    ///
    /// # Panics
    /// When a number is out of range, as slices do; so do the other lookups by number.
    #[must_use]
    pub fn choice(&self, permutation: usize, target: usize) -> Option<Choice> {
        assert!(target < self.targets(), "target number {target} of {}", self.targets());
        self.permuted[permutation].as_ref().ok().map(|own| own[target].natural())
    }

    /// The score at the λ chosen in a permutation: of a target, or where one λ serves all the mean of the targets'. NaN where nothing
    /// could be chosen.
    #[must_use]
    pub fn score(&self, permutation: usize, target: usize) -> f64 {
        self.choice(permutation, target).map_or(f64::NAN, |own| own.score)
    }

    /// The permutations for which nothing can be chosen, and why.
    pub fn refused(&self) -> impl Iterator<Item = (usize, &Error)> {
        self.permuted.iter().enumerate().filter_map(|(number, own)| own.as_ref().err().map(|error| (number, error)))
    }

    /// How many permutations score at least as well as the data, within 10⁻⁹ of its score, which is rounding; those for which
    /// nothing can be chosen count as if they did.
    #[must_use]
    pub fn at_least_as_good(&self, target: usize) -> usize {
        let InUnits { choice, unit } = self.observed[target];
        let slack = ROUNDING * choice.score.abs();
        let least = match self.better() {
            Better::Lower => choice.score + slack,
            Better::Higher => choice.score - slack,
        };
        let score = |own: &InUnits| scaled(own.choice.score, own.unit - unit);
        let good = |own: &Vec<InUnits>| self.better().reaches(score(&own[target]), least);
        self.permuted.iter().filter(|own| own.as_ref().map_or(true, good)).count()
    }

    /// (1 + [`at_least_as_good`](Self::at_least_as_good))/(1 + B): the same for all targets where one λ serves them.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "at most 10⁷ permutations")]
    pub fn p_value(&self, target: usize) -> f64 {
        (1 + self.at_least_as_good(target)) as f64 / (1 + self.permutations()) as f64
    }
}
