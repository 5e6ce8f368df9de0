//! Many paths as a table for people: a row for each problem, of some of many.

use std::fmt::Write;

use ridgepath::RidgePath;

use crate::fit::intercept;
use crate::fit::many::Many;
use crate::fit::problem_targets::ProblemTargets;
use crate::format::number::number;
use crate::format::table::columns::{TableColumn, fit, fitted, thinned};
use crate::format::words::{escaped, plural};
use crate::input::data::Data;

/// Problems that are shown: more say little more.
pub(crate) const MOST: usize = 24;

pub(crate) fn written(many: &Many, data: &Data) -> String {
    let (paths, k) = (&many.paths, many.paths.penalties());
    let targets = match many.targets {
        ProblemTargets::All => format!(", {}", plural(paths.targets(), "target")),
        ProblemTargets::Own => String::new(),
    };
    let (problems, features) = (plural(paths.len(), many.what), plural(paths.features(), "feature"));
    let mut text = format!("{problems} of {features}{targets} and {}\n", plural(k, "λ"));
    let shown = thinned(paths.len(), MOST);
    let index = many.middle();
    let some: Vec<(usize, Option<RidgePath>)> = shown.iter().map(|own| (*own, paths.path(*own).ok())).collect();
    for place in 0..many.targets.count(data.targets().len()) {
        text.push_str(&match many.targets {
            ProblemTargets::All => format!("\ntarget {}\n", escaped(&data.targets()[place])),
            ProblemTargets::Own => "\n".into(),
        });
        let of_problems = |value: &dyn Fn(usize, &RidgePath) -> f64| -> Vec<String> {
            let cell = |(problem, own): &(usize, Option<RidgePath>)| {
                own.as_ref().map_or_else(|| "-".into(), |path| number(value(*problem, path)))
            };
            some.iter().map(cell).collect()
        };
        let of = |value: &dyn Fn(&RidgePath) -> f64| of_problems(&|_, path| value(path));
        let named = many.columns.iter().enumerate().map(|(column, head)| {
            TableColumn::new(head.clone(), shown.iter().map(|own| many.names[*own][column].clone()))
        });
        let rows = some.iter().map(|(_, own)| own.as_ref().map_or(0, RidgePath::rows).to_string());
        let mut columns: Vec<TableColumn> = named.chain([TableColumn::new("rows", rows)]).collect();
        columns.push(TableColumn::new("λ", of(&|path| path.lambdas()[index])));
        columns.push(TableColumn::new("R²", of(&|path| path.r2(index, place))));
        columns.push(TableColumn::new(
            "intercept",
            of_problems(&|problem, path| {
                intercept::of_place(path, data, index, (place, many.targets.number(problem, place)))
            }),
        ));
        for (feature, head) in data.features().iter().enumerate() {
            columns.push(TableColumn::new(head.clone(), of(&|path| path.coefficients(index, place)[feature])));
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
