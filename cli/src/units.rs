//! Grids that mean something only with the data: other systems' penalties, and norms of the coefficients.

use ridgepath::{Convention, DataFacts, Penalty, Problem, Ridge, Standardize};

use crate::args::PathArgs;
use crate::data::Data;
use crate::grid;
use crate::message::{Failure, Result};

/// Says on the command line whose penalties the grid has.
pub(crate) fn convention(name: &str) -> std::result::Result<Convention, String> {
    name.parse().map_err(|_| {
        let names: Vec<&str> = Convention::all().map(Convention::name).collect();
        format!("found {name:?}, wanted one of {}", names.join(", "))
    })
}

/// The solver with the grid that the command line asks for, and notes of what that entails.
pub(crate) fn solver(args: &PathArgs, data: &Data, ridge: Ridge) -> Result<(Ridge, Vec<String>)> {
    if let Some(convention) = args.convention {
        return converted(convention, args, data, ridge);
    }
    let (option, bounds, fractions) = match (&args.norm_limits, &args.fractions) {
        (Some(limits), _) => ("--norm-limits", limits, false),
        (None, Some(fractions)) => ("--fractions", fractions, true),
        (None, None) => return Ok((ridge.penalty(grid::choose(&args.grid)?), Vec::new())),
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
    Ok((ridge.lambdas(lambdas), Vec::new()))
}

fn converted(convention: Convention, args: &PathArgs, data: &Data, ridge: Ridge) -> Result<(Ridge, Vec<String>)> {
    let Penalty::Lambdas(values) = grid::choose(&args.grid)? else {
        let wanted = "wanted --lambdas, --lambda-grid or --lambda-file with the values there";
        return Err(Failure::Input(format!("--convention {convention}: found no values, {wanted}")));
    };
    // Every target has a deviation of its own.
    if matches!(convention, Convention::Glmnet { .. } | Convention::Spark { .. }) {
        one_target(&format!("--convention {convention}"), data)?;
    }
    let facts = DataFacts::new(&data.problem()?, !args.data.no_intercept, 0)?;
    let mut notes = Vec::new();
    let mut ridge = ridge.penalty(convention.penalty(&values, &facts)?);
    match (convention.standardize(), args.data.standardize()) {
        (Standardize::No, _) => (),
        (Standardize::Population, Standardize::Sample) => {
            return Err(Failure::Input(format!(
                "--convention {convention} standardises by the population deviation; found --standardize=sample"
            )));
        }
        (own, given) => {
            if own != given {
                notes.push(format!("{convention}: columns are standardised, as there"));
            }
            ridge = ridge.standardize(own);
        }
    }
    if let Some(factors) = data.penalty_factors() {
        ridge = ridge.penalty_factors(convention.penalty_factors(factors));
    }
    if convention.penalizes_intercept() && !args.data.no_intercept {
        notes.push(format!("{convention} penalises the intercept; here it is not: the answers differ"));
    }
    Ok((ridge, notes))
}

fn one_target(option: &str, data: &Data) -> Result<()> {
    match data.targets().len() {
        1 => Ok(()),
        count => {
            Err(Failure::Input(format!("{option}: found {count} targets, wanted one: each would have λs of its own")))
        }
    }
}

impl Data {
    /// The rows, checked.
    pub(crate) fn problem(&self) -> Result<Problem<'_, f64>> {
        let problem = Problem::new(self.x()?, self.y()?)?;
        Ok(match self.weights() {
            Some(weights) => problem.with_weights(weights)?,
            None => problem,
        })
    }
}
