//! The path as records: one for each λ and target.

use std::io;

use ridgepath::RidgePath;

use crate::fit::figures::Figures;
use crate::fit::intercept;
use crate::fit::other_system::OtherSystem;
use crate::fit::statistics;
use crate::format::outcome;
use crate::format::records::encoder::{self, Encoder, Encoding};
use crate::format::records::record::{Cell, Column};
use crate::input::data::Data;
use crate::machine::failure::Result;

pub(crate) fn written(encoding: Encoding, path: &RidgePath, data: &Data, figures: &Figures) -> Result<Vec<u8>> {
    encoder::written(encoding, &columns(data, figures), |to| write(to, path, data, figures))
}

fn columns(data: &Data, figures: &Figures) -> Vec<Column> {
    let mut columns =
        vec![Column::number("lambda"), Column::number("alpha"), Column::text("target"), Column::text("outcome")];
    let fixed = ["residual", "rss", "r2", "squared_norm", "intercept", "intercept_error_bound"];
    columns.extend(fixed.into_iter().map(Column::number));
    columns.extend(figures.stats.iter().flat_map(|_| statistics::NAMES).map(Column::number));
    // A feature may have the name of a column that every path has.
    columns.extend(data.features().iter().map(|name| Column::number(format!("coef:{name}"))));
    if figures.errors.is_some() {
        columns.extend(data.features().iter().map(|name| Column::number(format!("se:{name}"))));
        columns.push(Column::number("intercept_se"));
    }
    columns.extend(figures.system.iter().map(OtherSystem::column).map(Column::number));
    columns
}

fn write(to: &mut Encoder<Vec<u8>>, path: &RidgePath, data: &Data, figures: &Figures) -> io::Result<()> {
    for index in 0..path.len() {
        for (target, name) in data.targets().iter().enumerate() {
            let outcome = outcome::name(path.outcome(index, target));
            let first = [
                Cell::Number(path.lambdas()[index]),
                Cell::Number(path.shifts()[index]),
                Cell::Text(name),
                Cell::Text(&outcome),
            ];
            let fixed = [
                path.residual(index, target),
                path.rss(index, target),
                figures.r2(index, target),
                path.squared_norm(index, target),
                intercept::of_file(path, data, index, target),
                path.intercept_error_bound(index, target),
            ];
            let stats = figures.stats.iter().flat_map(|stats| stats.cells(index, target));
            let errors = figures.errors.iter().map(|errors| errors.at(index, target));
            let errors = errors.flat_map(|errors| errors.coefficients.iter().chain([&errors.intercept]));
            let coefficients = path.coefficients(index, target).iter().chain(errors).copied();
            let last = figures.system.iter().map(|system| system.value(path.lambdas()[index]));
            let numbers = fixed.into_iter().chain(stats).chain(coefficients).chain(last);
            to.record(first.into_iter().chain(numbers.map(Cell::Number)))?;
        }
    }
    Ok(())
}
