//! A path as a table for people.

use std::fmt::Write;

use ridgepath::{Outcome, RidgePath};

use crate::fit::figures::Figures;
use crate::fit::{intercept, statistics};
use crate::format::number::{magnitude, measured, number};
use crate::format::outcome;
use crate::format::table::columns::{TableColumn, fit, fitted, left_out, thinned};
use crate::format::table::summary;
use crate::format::words::escaped;
use crate::input::data::Data;

/// λs that are shown: more say little more.
const MOST: usize = 12;
/// λs that stand side by side above features.
const FEW: usize = 6;

pub(crate) fn written(path: &RidgePath, data: &Data, figures: &Figures) -> String {
    let mut text = summary::of_fit(path, data);
    for (target, name) in data.targets().iter().enumerate() {
        let _ = write!(text, "\ntarget {}\n", escaped(name));
        text.push_str(&TargetBlock { path, data, figures, target }.written());
    }
    text
}

/// The part of the table for one target.
struct TargetBlock<'a> {
    path: &'a RidgePath,
    data: &'a Data,
    figures: &'a Figures,
    target: usize,
}

impl TargetBlock<'_> {
    /// A row for each λ with the coefficients in it, where they fit the screen and the λs are not few. Else the
    /// coefficients follow, a row for each feature.
    fn written(&self) -> String {
        let count = self.path.len();
        let shown = thinned(count, MOST);
        let few = count <= FEW && count < self.path.features();
        if !few {
            let mut columns = self.fits(&shown);
            columns.extend(self.coefficients(&shown));
            if fit(&columns) {
                return fitted(&columns) + &left_out(shown.len(), count);
            }
        }
        // Of many λs as many as fit side by side; of few λs all, under one another if need be.
        let across = match count <= FEW {
            true => None,
            false => (3..=FEW).rev().map(|most| thinned(count, most)).find(|shown| fit(&self.features(shown))),
        };
        let across = across.unwrap_or_else(|| thinned(count, FEW));
        let fits = fitted(&self.fits(&shown)) + &left_out(shown.len(), count);
        let mut text = fits + "\n" + &fitted(&self.features(&across));
        if across.len() < shown.len() {
            text.push_str(&left_out(across.len(), count));
        }
        text
    }

    /// What is told of the λs shown, but for coefficients.
    fn fits(&self, shown: &[usize]) -> Vec<TableColumn> {
        let (path, target) = (self.path, self.target);
        let of =
            |head: &str, cell: &dyn Fn(usize) -> String| TableColumn::new(head, shown.iter().map(|index| cell(*index)));
        let mut columns =
            vec![of("λ", &|index| number(path.lambdas()[index])), of("alpha", &|index| number(path.shifts()[index]))];
        if let Some(system) = &self.figures.system {
            columns.push(of(&system.words(), &|index| number(system.value(path.lambdas()[index]))));
        }
        if shown.iter().any(|index| path.outcome(*index, target) != Outcome::Solved) {
            columns.push(of("outcome", &|index| outcome::name(path.outcome(index, target))));
        }
        columns.push(of("residual", &|index| magnitude(path.residual(index, target))));
        columns.push(of("rss", &|index| number(path.rss(index, target))));
        columns.push(of("R²", &|index| number(self.figures.r2(index, target))));
        columns.push(of("‖w‖²", &|index| number(path.squared_norm(index, target))));
        if let Some(statistics) = &self.figures.stats {
            let heads = statistics::SHOWN.iter().enumerate();
            columns.extend(heads.map(|(j, head)| of(head, &|index| number(statistics.cells(index, target)[j]))));
        }
        columns
    }

    /// The intercept, if there is one, and the coefficients, a column for each.
    fn coefficients(&self, shown: &[usize]) -> Vec<TableColumn> {
        let intercept = self
            .path
            .intercept_fitted()
            .then(|| TableColumn::new("intercept", shown.iter().map(|index| self.intercept(*index))));
        let feature = |(j, name): (usize, &String)| {
            TableColumn::new(name.as_str(), shown.iter().map(|index| self.coefficient(*index, j)))
        };
        intercept.into_iter().chain(self.data.features().iter().enumerate().map(feature)).collect()
    }

    /// The coefficients and the intercept, if there is one, a column for each λ.
    fn features(&self, across: &[usize]) -> Vec<TableColumn> {
        let intercept = self.path.intercept_fitted();
        let names = self.data.features().iter().cloned().chain(intercept.then(|| "(intercept)".into()));
        let one = |index: &usize| {
            let coefficients = (0..self.path.features()).map(|j| self.coefficient(*index, j));
            let cells = coefficients.chain(intercept.then(|| self.intercept(*index)));
            TableColumn::new(format!("λ = {}", number(self.path.lambdas()[*index])), cells)
        };
        [TableColumn::new("feature", names)].into_iter().chain(across.iter().map(one)).collect()
    }

    fn coefficient(&self, index: usize, feature: usize) -> String {
        let value = self.path.coefficients(index, self.target)[feature];
        let error = self.figures.errors.as_ref().map(|errors| errors.at(index, self.target).coefficients[feature]);
        error.map_or_else(|| number(value), |error| measured(value, error))
    }

    fn intercept(&self, index: usize) -> String {
        let value = intercept::of_file(self.path, self.data, index, self.target);
        let error = self.figures.errors.as_ref().map(|errors| errors.at(index, self.target).intercept);
        error.map_or_else(|| number(value), |error| measured(value, error))
    }
}
