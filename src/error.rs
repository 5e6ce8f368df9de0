//! What can go wrong: the caller's arguments, or the device. A λ whose matrix cannot be factored is
//! neither; it is an [`Outcome`](crate::Outcome) in the path.

/// The result of a fallible call of this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An argument that cannot be used, or a device that failed. Every message says what was found, where,
/// and what was wanted. Rows and columns are counted from 0.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A matrix with no rows or no columns.
    #[error("{what} has {rows} rows and {columns} columns; at least one of each is needed")]
    Empty {
        /// `"X"` (the features) or `"Y"` (the targets).
        what: &'static str,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
    },
    /// Two arguments whose sizes do not belong together.
    #[error("{what}: found {found}, wanted {wanted}")]
    Shape {
        /// What was compared.
        what: &'static str,
        /// The size found.
        found: usize,
        /// The size wanted.
        wanted: usize,
    },
    /// A slice that ends before the last element of the matrix that it should hold.
    #[error(
        "a {rows}×{columns} matrix with strides ({row_stride}, {column_stride}) needs {wanted} elements, \
         the slice has {found}"
    )]
    SliceTooShort {
        /// Rows asked for.
        rows: usize,
        /// Columns asked for.
        columns: usize,
        /// Elements from one row to the next.
        row_stride: usize,
        /// Elements from one column to the next.
        column_stride: usize,
        /// The slice's length.
        found: usize,
        /// The length needed.
        wanted: usize,
    },
    /// A number that no entry has.
    #[error("{what} number {index} was asked for; there are {count}, from 0")]
    OutOfRange {
        /// `"λ"`.
        what: &'static str,
        /// The number asked for.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// A size whose arithmetic does not fit the machine's integers.
    #[error("{what} overflows: {detail}")]
    Overflow {
        /// What overflows.
        what: &'static str,
        /// The numbers involved.
        detail: String,
    },
    /// An answer that is larger than the memory left.
    #[error("{detail}: the answer takes {:.1} GB, {:.1} GB of memory are left; wanted fewer of them at a time", gigabytes(*needed), gigabytes(*available))]
    Memory {
        /// The sizes of the answer.
        detail: String,
        /// Its bytes.
        needed: u64,
        /// Those that can still be had.
        available: u64,
    },
    /// A NaN or an infinity among the data.
    #[error("{what}[row {row}, column {column}] is {value:?}; a finite number is needed")]
    NonFinite {
        /// `"X"`, `"Y"`, or a part of the prior.
        what: &'static str,
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// The value found.
        value: f64,
    },
    /// A column whose values lie further apart than double precision can hold.
    #[error("{what} column {column} spans from {least:?} to {greatest:?}, more than a 64-bit float can hold")]
    Span {
        /// `"X"` or `"Y"`.
        what: &'static str,
        /// Column, from 0.
        column: usize,
        /// Its least value.
        least: f64,
        /// Its greatest value.
        greatest: f64,
    },
    /// An observation weight that is negative, NaN or infinite.
    #[error("weight[row {row}] is {value:?}; a finite number ≥ 0 is needed")]
    InvalidWeight {
        /// Row, from 0.
        row: usize,
        /// The value found.
        value: f64,
    },
    /// No observation weight is positive.
    #[error("all {rows} weights are 0; at least one must be positive")]
    ZeroWeights {
        /// Number of weights.
        rows: usize,
    },
    /// A penalty that is negative, NaN or infinite.
    #[error("{name}[{index}] is {value:?}; a finite number ≥ 0 is needed")]
    InvalidPenalty {
        /// `"lambda"`, `"alpha"`, `"penalty factor"`, or the parameter of another system.
        name: &'static str,
        /// Place in the grid, from 0.
        index: usize,
        /// The value found.
        value: f64,
    },
    /// A speed that no machine has.
    #[error("the rate {name} is {value:?}; a finite number > 0 is needed")]
    InvalidRate {
        /// Its field in [`Rates`](crate::Rates) or [`DeviceRates`](crate::DeviceRates).
        name: &'static str,
        /// The value found.
        value: f64,
    },
    /// A penalty so large that 2Wλ is not a finite number.
    #[error("lambda[{index}] = {lambda:?}: the shift 2Wλ with W = {weight_sum:?} is not a finite number")]
    ShiftOverflow {
        /// Place in the grid, from 0.
        index: usize,
        /// The λ found.
        lambda: f64,
        /// W, the sum of the weights.
        weight_sum: f64,
    },
    /// A penalty in units of the deviation of y, which is none to divide by.
    #[error(
        "{system} counts {parameter} in units of the deviation of y, which is {deviation:?}; a finite number > 0 is needed"
    )]
    NoDeviation {
        /// The name of the [`Convention`](crate::Convention).
        system: &'static str,
        /// Its parameter.
        parameter: &'static str,
        /// The deviation found.
        deviation: f64,
    },
    /// A [`Cancellation`](crate::Cancellation) ended the work.
    #[error("cancelled")]
    Cancelled,
    /// A symmetric matrix without an eigendecomposition: the iteration did not converge, or its numbers are out of range.
    #[error("{what} has no eigendecomposition in double precision")]
    NotDecomposed {
        /// Which matrix.
        what: &'static str,
    },
    /// A matrix that is not symmetric, or has a negative eigenvalue.
    #[error("{what}: {detail}; a symmetric positive semi-definite matrix is needed")]
    NotSemidefinite {
        /// Which matrix.
        what: &'static str,
        /// What it has.
        detail: String,
    },
    /// Two things that do not go together.
    #[error("{first} and {second} do not go together; wanted {instead}")]
    Conflict {
        /// One of them.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// What to ask for instead.
        instead: &'static str,
    },
    /// A number that a setting cannot have.
    #[error("{what} is {value:?}; {wanted} is needed")]
    InvalidSetting {
        /// Which setting.
        what: &'static str,
        /// The value found.
        value: f64,
        /// What it may be.
        wanted: &'static str,
    },
    /// Weights that grew beyond every number.
    #[error("step {step}: the weights are not finite any more; wanted a learning rate smaller than {learning_rate:?}")]
    Diverged {
        /// The step, from 1.
        step: usize,
        /// Its learning rate.
        learning_rate: f64,
    },
    /// A system whose penalties are not known here.
    #[error(
        "there is no convention {name:?}; wanted the name of one of `Convention::all`, such as \"sklearn\" or \"glmnet\""
    )]
    UnknownConvention {
        /// The name found.
        name: String,
    },
    /// A λ of which no model can be made.
    #[error("λ number {index} ({lambda:?}) has no finite coefficients for target {target}: {why}; choose another λ")]
    NoModel {
        /// Its number in the path, from 0.
        index: usize,
        /// λ.
        lambda: f64,
        /// The target's number, from 0.
        target: usize,
        /// Why not.
        why: &'static str,
    },
    /// A name that two columns have.
    #[error("the {of} number {first} and {again} (from 0) are both named {name:?}; wanted different names")]
    RepeatedName {
        /// `"features"` or `"targets"`.
        of: &'static str,
        /// The name.
        name: String,
        /// The first that has it, from 0.
        first: usize,
        /// The next.
        again: usize,
    },
    /// A document that does not hold what it should.
    #[error("not a usable {what}: {detail}")]
    Document {
        /// `"path"` or `"model"`.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// A file that cannot be read or written.
    #[error("cannot {action} {file}: {detail}")]
    File {
        /// `"read"` or `"write"`.
        action: &'static str,
        /// Its name.
        file: String,
        /// The system's words.
        detail: String,
    },
    /// A column of a table that cannot be used.
    #[error("column {column:?}: {detail}")]
    Column {
        /// Its name.
        column: String,
        /// What was found, and what was wanted.
        detail: String,
    },
    /// A source of rows that failed.
    #[error("the source of rows failed: {detail}")]
    Source {
        /// Its words.
        detail: String,
    },
    /// A grid of penalties that holds none.
    #[error("the grid of penalties is empty; at least one λ is needed")]
    EmptyGrid,
    /// A log-spaced grid whose ends or count cannot be used.
    #[error(
        "grid {start:?}:{stop:?}:{count}: both ends must be finite and > 0, the count at least 1, and the grid fit in memory"
    )]
    InvalidGrid {
        /// First value.
        start: f64,
        /// Last value.
        stop: f64,
        /// Number of values.
        count: usize,
    },
    /// A number of folds, groups, repeats or devices that cannot be.
    #[error("{what}: found {found}, {}", wanted(*least, *most))]
    Count {
        /// What was counted.
        what: &'static str,
        /// How many were found.
        found: usize,
        /// The fewest possible.
        least: usize,
        /// The most possible.
        most: usize,
    },
    /// A fold without a row that counts.
    #[error("fold {fold} has no row of positive weight to {purpose}")]
    EmptyFold {
        /// Its number, from 0.
        fold: usize,
        /// `"train on"` or `"score"`.
        purpose: &'static str,
    },
    /// A fold in which a target is constant, so that its score is not defined.
    #[error(
        "fold {fold}: target {target} is constant ({value:?}) in the rows held out, so that it has no {score}; two values are needed"
    )]
    ConstantTarget {
        /// The fold's number, from 0.
        fold: usize,
        /// The target's number, from 0.
        target: usize,
        /// Its value.
        value: f64,
        /// The score asked for.
        score: String,
    },
    /// No λ of the grid has a score to choose by.
    #[error("target {target} has no {score} at any λ: {reason}")]
    NoScore {
        /// The target's number, from 0.
        target: usize,
        /// The score asked for.
        score: String,
        /// Why.
        reason: Unscored,
    },
    /// A rule that needs standard errors, with scores that have none.
    #[error("the one-standard-error rule: {score} has no standard error here; a mean over two or more folds has one")]
    NoStandardError {
        /// The score asked for.
        score: String,
    },
    /// A rule to choose λ by whose percentage is negative, NaN or infinite.
    #[error("within {percent:?} % of the best: a finite number ≥ 0 is needed")]
    InvalidRule {
        /// The number found.
        percent: f64,
    },
    /// The problem does not fit the device, whatever the chunks.
    #[error("{what} needs {needed} bytes, the limit is {limit} ({binding})")]
    TooLarge {
        /// The buffer that does not fit.
        what: &'static str,
        /// Bytes needed.
        needed: u64,
        /// Bytes available.
        limit: u64,
        /// Which limit binds.
        binding: &'static str,
    },
    /// No GPU adapter was found, or none that may be used.
    #[error("no GPU: {reason}")]
    NoAdapter {
        /// What was found instead.
        reason: String,
    },
    /// The device was lost, before or during the work.
    #[error("the GPU device was lost: {reason}")]
    DeviceLost {
        /// The driver's words.
        reason: String,
    },
    /// The device ran out of memory.
    #[error("the GPU ran out of memory: {what}; a smaller memory budget may make smaller chunks")]
    OutOfMemory {
        /// What was being allocated or run.
        what: String,
    },
    /// The device refused the work for another reason.
    #[error("the GPU refused the work: {reason}")]
    Device {
        /// The driver's words.
        reason: String,
    },
}

/// Why a target has no score at any λ.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Unscored {
    /// No λ has a unique answer.
    #[error("no λ has a unique answer (singular)")]
    NoAnswer,
    /// The target is the same in every row.
    #[error("the target is constant ({value:?})")]
    Constant {
        /// Its value.
        value: f64,
    },
    /// Leave-one-out with one row of positive weight.
    #[error("one row alone has a positive weight, and without it there is none; two rows are needed")]
    OneRow,
    /// Leave-one-out where some row is fitted exactly, whatever its value: hᵢ = 1.
    #[error("at every λ a row has leverage 1, so that the other rows do not determine its prediction")]
    Leverage,
    /// The predictions do not differ, as a correlation needs.
    #[error("the predictions are constant")]
    ConstantPredictions,
    /// A fold has none.
    #[error("fold {fold} has {wanted} at no λ")]
    Fold {
        /// Its number, from 0.
        fold: usize,
        /// What it lacks.
        wanted: &'static str,
    },
    /// Each fold has one somewhere, but no λ in all folds.
    #[error("no λ has one in every fold")]
    Folds,
    /// Moments that hold too few digits of residuals that are tiny beside y.
    #[error(
        "its residuals are too small beside y for moments to tell one λ from another; the rows themselves, or a stream that can be read again, are needed"
    )]
    Digits,
    /// Each target has one somewhere, but no λ for all targets.
    #[error("no λ has one for every target")]
    Jointly,
    /// A criterion that divides by what rows leave over.
    #[error("the degrees of freedom use up the {rows} rows at every λ; larger λ or more rows are needed")]
    DegreesOfFreedom {
        /// The rows of positive weight.
        rows: usize,
    },
    /// Mallows's Cp where least squares leaves nothing to estimate the noise from.
    #[error(
        "without a penalty there are {rows} rows for {rank} coefficients, which leaves none to estimate the noise from"
    )]
    Rank {
        /// The rank of X, with the intercept.
        rank: usize,
        /// The rows of positive weight.
        rows: usize,
    },
    /// The marginal likelihood of no penalty.
    #[error("every λ is 0; one > 0 is needed")]
    NoPenalty,
    /// A criterion of the logarithm of residuals that vanish.
    #[error("the residuals are 0 at every λ")]
    NoResiduals,
    /// None of the above: not a finite number at any λ.
    #[error("it is not a number at any λ")]
    Undefined,
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn gigabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}

/// What a count may be.
fn wanted(least: usize, most: usize) -> String {
    match most {
        usize::MAX => format!("wanted {least} or more"),
        most if most < least => format!("wanted {least} or more, of which there can only be {most}"),
        most => format!("wanted {least} or more, and {most} at most"),
    }
}

impl Error {
    /// What a source of rows failed with, for the batches of a [`Stream`](crate::Stream).
    #[must_use]
    pub fn source(detail: impl std::fmt::Display) -> Self {
        Self::Source { detail: detail.to_string() }
    }

    /// True for a failure of the device, which another backend can make good; false for a wrong argument.
    #[must_use]
    pub fn is_device(&self) -> bool {
        matches!(
            self,
            Self::TooLarge { .. }
                | Self::NoAdapter { .. }
                | Self::DeviceLost { .. }
                | Self::OutOfMemory { .. }
                | Self::Device { .. }
        )
    }
}
