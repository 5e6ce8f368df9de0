//! Grids that mean something only with the data: other systems' penalties, and norms of the coefficients.

use ridgepath::{Convention, DataFacts, Error, Penalty, Problem, Ridge, RidgePath, Standardize};
use serde::Serialize;

use crate::args::{DataArgs, GridArgs, PathArgs};
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

/// The solver with a grid, notes of what that entails, and whose penalties it was given in.
pub(crate) struct Gridded {
    pub(crate) ridge: Ridge,
    pub(crate) notes: Vec<String>,
    pub(crate) system: Option<System>,
}

impl From<Ridge> for Gridded {
    fn from(ridge: Ridge) -> Self {
        Self { ridge, notes: Vec::new(), system: None }
    }
}

/// Another system's penalties, for these data.
pub(crate) struct System {
    convention: Convention,
    facts: DataFacts,
}

/// The penalties of a path in another system's units, for JSON.
#[derive(Serialize)]
pub(crate) struct InSystem {
    name: &'static str,
    parameter: &'static str,
    values: Vec<f64>,
}

impl System {
    /// The value there of a λ; NaN where the deviation that it is counted in is none.
    pub(crate) fn value(&self, lambda: f64) -> f64 {
        self.convention.value(lambda, &self.facts).unwrap_or(f64::NAN)
    }

    pub(crate) fn of(&self, path: &RidgePath) -> InSystem {
        let values = path.lambdas().iter().map(|lambda| self.value(*lambda)).collect();
        InSystem { name: self.convention.name(), parameter: self.convention.parameter(), values }
    }

    /// System and parameter, as tables for people name them.
    pub(crate) fn words(&self) -> String {
        format!("{} {}", self.convention, self.convention.parameter())
    }

    /// As CSV names them.
    pub(crate) fn column(&self) -> String {
        format!("{}:{}", self.convention, self.convention.parameter())
    }
}

/// The solver with the grid that `path` is asked for.
pub(crate) fn solver(args: &PathArgs, data: &Data, ridge: Ridge) -> Result<Gridded> {
    let (option, bounds, fractions) = match (&args.norm_limits, &args.fractions) {
        (Some(limits), _) => ("--norm-limits", limits, false),
        (None, Some(fractions)) => ("--fractions", fractions, true),
        (None, None) => return gridded(args.convention, &args.grid, &args.data, data, ridge),
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

/// The solver with a grid of penalties, here or of another system.
pub(crate) fn gridded(
    convention: Option<Convention>,
    grid: &GridArgs,
    args: &DataArgs,
    data: &Data,
    ridge: Ridge,
) -> Result<Gridded> {
    let penalty = grid::choose(grid)?;
    match convention {
        Some(convention) => converted(convention, penalty, args, data, ridge),
        None => Ok(ridge.penalty(penalty).into()),
    }
}

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
        (own, given) if given != Standardize::No && given != own => {
            let words = |how: Standardize| format!("{how:?}").to_lowercase();
            return Err(Failure::Input(format!(
                "--convention {convention} standardises by the {} deviation; found --standardize={}",
                words(own),
                words(given)
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
    if convention.penalizes_intercept() && !args.no_intercept {
        notes.push(format!("{convention} penalises the intercept; here it is not: the answers differ"));
    }
    Ok(Gridded { ridge, notes, system: Some(System { convention, facts }) })
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
    pub(crate) fn problem(&self) -> Result<Problem<'_>> {
        let problem = Problem::new(self.x()?, self.y()?)?;
        Ok(match self.weights() {
            Some(weights) => problem.with_weights(weights)?,
            None => problem,
        })
    }
}
