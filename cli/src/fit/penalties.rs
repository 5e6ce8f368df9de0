//! The penalties of a fit. Other systems' penalties, and norms of the coefficients, mean something only with the data.

use ridgepath::{Convention, DataFacts, Error, Penalty, Ridge, Standardize};

use crate::args::data::DataArgs;
use crate::args::grid::GridArgs;
use crate::args::path::PathArgs;
use crate::fit::other_system::OtherSystem;
use crate::input::data::Data;
use crate::input::penalty_file;
use crate::machine::failure::{Failure, Result};

/// The penalties asked for, λ or alpha; the default where there are none.
pub(crate) fn choose(args: &GridArgs) -> Result<Penalty> {
    Ok(match args {
        GridArgs { lambdas: Some(values), .. } | GridArgs { lambda_grid: Some(values), .. } => {
            Penalty::Lambdas(values.values().to_vec())
        }
        GridArgs { alphas: Some(values), .. } | GridArgs { alpha_grid: Some(values), .. } => {
            Penalty::Alphas(values.values().to_vec())
        }
        GridArgs { lambda_file: Some(file), .. } => Penalty::Lambdas(penalty_file::read(file)?),
        _ => Penalty::default(),
    })
}

/// A solver with a grid of penalties, notes of what the grid entails, and the system that its values are given in.
pub(crate) struct Gridded {
    pub(crate) ridge: Ridge,
    pub(crate) notes: Vec<String>,
    pub(crate) system: Option<OtherSystem>,
}

impl From<Ridge> for Gridded {
    fn from(ridge: Ridge) -> Self {
        Self { ridge, notes: Vec::new(), system: None }
    }
}

/// The solver with the grid that `path` is asked for.
pub(crate) fn of_path(args: &PathArgs, data: &Data, ridge: Ridge) -> Result<Gridded> {
    let (option, bounds, fractions) = match (&args.norm_limits, &args.fractions) {
        (Some(limits), _) => ("--norm-limits", limits, false),
        (None, Some(fractions)) => ("--fractions", fractions, true),
        (None, None) => return of_grid(args.convention, &args.grid, &args.data, data, ridge),
    };
    one_target(option, data)?;
    if data.penalty_factors().is_some() {
        return Err(Failure::Input(format!(
            "{option} and penalty factors do not go together: the norm would be another"
        )));
    }
    let norms = ridge.norms(data.x()?, data.y()?)?;
    let lambda = |value: &f64| match fractions {
        true => norms.lambda_at_fraction(0, *value),
        false => norms.lambda_within(0, *value),
    };
    let lambdas = bounds.values().iter().map(lambda).collect::<ridgepath::Result<Vec<f64>>>()?;
    Ok(ridge.lambdas(lambdas).into())
}

/// The solver with a grid of penalties, of this program or of another system.
pub(crate) fn of_grid(
    convention: Option<Convention>,
    grid: &GridArgs,
    args: &DataArgs,
    data: &Data,
    ridge: Ridge,
) -> Result<Gridded> {
    let penalty = choose(grid)?;
    match convention {
        Some(convention) => converted(convention, penalty, args, data, ridge),
        None => Ok(ridge.penalty(penalty).into()),
    }
}

/// The solver with a grid in another system's penalties.
fn converted(convention: Convention, grid: Penalty, args: &DataArgs, data: &Data, ridge: Ridge) -> Result<Gridded> {
    let Penalty::Lambdas(values) = grid else {
        let wanted = "wanted --lambdas, --lambda-grid or --lambda-file with the values there";
        return Err(Failure::Input(format!("--convention {convention}: found no values, {wanted}")));
    };
    // Every target has a deviation of its own.
    if matches!(convention, Convention::Glmnet { .. } | Convention::Spark { .. }) {
        one_target(&format!("--convention {convention}"), data)?;
    }
    let facts = DataFacts::new(&data.problem()?, !args.no_intercept, 0)?;
    let penalty = convention.penalty(&values, &facts).map_err(|error| match error {
        Error::NoDeviation { parameter, deviation, .. } => Failure::Input(format!(
            "--convention {convention} counts {parameter} in units of the deviation of target {:?}, which is {deviation:?}; \
             wanted a finite number > 0",
            data.targets()[0]
        )),
        other => other.into(),
    })?;
    let mut notes = Vec::new();
    let mut ridge = ridge.penalty(penalty);
    match (convention.standardize(), args.standardize()) {
        (Standardize::No, _) => (),
        (wanted, given) if given != Standardize::No && given != wanted => {
            let words = |how: Standardize| format!("{how:?}").to_lowercase();
            return Err(Failure::Input(format!(
                "--convention {convention} standardises by the {} deviation; found --standardize={}",
                words(wanted),
                words(given)
            )));
        }
        (wanted, given) => {
            if wanted != given {
                notes.push(format!("{convention}: columns are standardised, as there"));
            }
            ridge = ridge.standardize(wanted);
        }
    }
    if let Some(factors) = data.penalty_factors() {
        ridge = ridge.penalty_factors(convention.penalty_factors(factors));
    }
    if convention.penalizes_intercept() && !args.no_intercept {
        notes.push(format!("{convention} penalises the intercept; here it is not: the answers differ"));
    }
    Ok(Gridded { ridge, notes, system: Some(OtherSystem { convention, facts }) })
}

/// Refuses more targets than one.
fn one_target(option: &str, data: &Data) -> Result<()> {
    match data.targets().len() {
        1 => Ok(()),
        count => {
            Err(Failure::Input(format!("{option}: found {count} targets, wanted one: each would have λs of its own")))
        }
    }
}
