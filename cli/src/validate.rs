//! `ridgepath validate`.

use ridgepath::Validation;
use serde::Serialize;

use crate::args::{Format, ValidateArgs};
use crate::data::Data;
use crate::distinct::{self, Place};
use crate::message::{self, Result};
use crate::progress::Progress;
use crate::{grid, json, outcome, output, rates, text};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    rows: usize,
    features: &'a [String],
    targets: &'a [String],
    backend: json::Backend<'a>,
    /// Over the whole path, of the coefficients.
    largest: f64,
    outcomes_agree: bool,
    path: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    lambda: f64,
    coefficients: f64,
    intercept: f64,
    rss: f64,
    outcomes_agree: bool,
}

pub(crate) fn run(args: &ValidateArgs) -> Result<()> {
    let mut places = vec![("the input", Place::input(&args.data.input)), ("standard output", Place::Stdout)];
    places.extend(args.grid.lambda_file.as_deref().map(|file| ("--lambda-file", Place::File(file))));
    distinct::check(&places)?;
    let penalty = grid::choose(&args.grid)?;
    let data = Data::load(&args.data)?;
    let progress = Progress::towards_end("λ");
    let ridge = data.ridge(&args.data, &args.solver, &progress).penalty(penalty);
    let (ridge, _) = rates::rated(ridge, &data, args.solver.rates)?;
    let validation = ridge.validate(data.x()?, data.y()?);
    progress.finish();
    let validation = validation.map_err(|error| data.failure(error))?;
    output::print(match args.format {
        Format::Table => table(&validation).into_bytes(),
        Format::Json => json::document(&document(&validation, &data))?,
    })?;
    outcome::notes(&validation.path, &data, args.solver.minimum_norm).iter().for_each(|note| message::note(note));
    Ok(())
}

fn agree(validation: &Validation) -> bool {
    validation.deviations.iter().all(|deviation| deviation.outcomes_agree)
}

fn document<'a>(validation: &'a Validation, data: &'a Data) -> Document<'a> {
    Document {
        schema: "ridgepath/validate/1",
        rows: validation.path.rows(),
        features: data.features(),
        targets: data.targets(),
        backend: json::Backend::of(&validation.path),
        largest: validation.largest(),
        outcomes_agree: agree(validation),
        path: validation
            .deviations
            .iter()
            .map(|own| Entry {
                lambda: own.lambda,
                coefficients: own.coefficients,
                intercept: own.intercept,
                rss: own.rss,
                outcomes_agree: own.outcomes_agree,
            })
            .collect(),
    }
}

fn table(validation: &Validation) -> String {
    let header = ["λ", "coefficients", "intercept", "rss", "outcomes"];
    let rows: Vec<Vec<String>> = validation
        .deviations
        .iter()
        .map(|own| {
            vec![
                text::number(own.lambda),
                text::magnitude(own.coefficients),
                text::magnitude(own.intercept),
                text::magnitude(own.rss),
                if own.outcomes_agree { "agree" } else { "differ" }.into(),
            ]
        })
        .collect();
    let outcomes = if agree(validation) { "all outcomes agree" } else { "some outcomes differ" };
    format!(
        "{}\nagainst the reference; relative deviations\n\n{}\nlargest deviation of the coefficients {}, {outcomes}\n",
        text::backend(&validation.path),
        text::aligned(&header, &rows),
        text::magnitude(validation.largest()),
    )
}
