//! Many paths as a table for people: a row for each problem, of some of many.

use std::fmt::Write;

use ridgepath::RidgePath;

use crate::fit::intercept;
use crate::fit::many::Many;
use crate::format::number::number;
use crate::format::table::columns::{TableColumn, fit, fitted, thinned};
use crate::format::words::{escaped, plural};
use crate::input::data::Data;

/// Problems that are shown: more say little more.
pub(crate) const MOST: usize = 24;

pub(crate) fn written(many: &Many, data: &Data) -> String {
    let (paths, k) = (&many.paths, many.paths.penalties());
    let mut text = format!(
        "{} of {} features, {} and {}\n",
        plural(paths.len(), many.what),
        paths.features(),
        plural(paths.targets(), "target"),
        plural(k, "λ")
    );
    let shown = thinned(paths.len(), MOST);
    let index = many.middle();
    let some: Vec<(usize, Option<RidgePath>)> = shown.iter().map(|own| (*own, paths.path(*own).ok())).collect();
    for (target, name) in data.targets().iter().enumerate() {
        let _ = write!(text, "\ntarget {}\n", escaped(name));
        let of = |value: &dyn Fn(&RidgePath) -> f64| -> Vec<String> {
            let cell = |own: &Option<RidgePath>| own.as_ref().map_or_else(|| "-".into(), |path| number(value(path)));
            some.iter().map(|(_, own)| cell(own)).collect()
        };
        let named = many.columns.iter().enumerate().map(|(column, head)| {
            TableColumn::new(head.clone(), shown.iter().map(|own| many.names[*own][column].clone()))
        });
        let rows = some.iter().map(|(_, own)| own.as_ref().map_or(0, RidgePath::rows).to_string());
        let mut columns: Vec<TableColumn> = named.chain([TableColumn::new("rows", rows)]).collect();
        columns.push(TableColumn::new("λ", of(&|path| path.lambdas()[index])));
        columns.push(TableColumn::new("R²", of(&|path| path.r2(index, target))));
        columns.push(TableColumn::new("intercept", of(&|path| intercept::of_file(path, data, index, target))));
        for (feature, head) in data.features().iter().enumerate() {
            columns.push(TableColumn::new(head.clone(), of(&|path| path.coefficients(index, target)[feature])));
            if !fit(&columns) {
                columns.pop();
                break;
            }
        }
        text.push_str(&fitted(&columns));
        if shown.len() < paths.len() || k > 1 {
            let of = plural(paths.len(), many.what).split_off(paths.len().to_string().len());
            let _ = writeln!(
                text,
                "({}{of} of {} at one λ of {k}: --format csv and --format json have all)",
                shown.len(),
                paths.len()
            );
        }
    }
    text
}
