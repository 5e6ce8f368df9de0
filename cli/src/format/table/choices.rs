//! The λs chosen for many groups as a table for people: a row for each group, of some of many, and what they are all together.

use std::collections::HashMap;
use std::fmt::Write;

use ridgepath::Selection;

use crate::fit::choices::Choices;
use crate::fit::intercept;
use crate::fit::problem_targets::ProblemTargets;
use crate::fit::quantiles::quartiles;
use crate::format::number::{measured, number};
use crate::format::table::columns::{TableColumn, fit, fitted, thinned};
use crate::format::table::cv::judged;
use crate::format::table::many::MOST;
use crate::format::words::{escaped, plural};
use crate::input::data::Data;

/// Reasons that are told: more are counted.
const REASONS: usize = 3;

pub(crate) fn written(choices: &Choices, data: &Data) -> String {
    let all = choices.found.len();
    let targets = match choices.targets {
        ProblemTargets::All => format!(" and {}", plural(data.targets().len(), "target")),
        ProblemTargets::Own => String::new(),
    };
    let mut text = format!(
        "{} of {}{targets}\n{}\n",
        plural(all, choices.what),
        plural(data.features().len(), "feature"),
        judged(&choices.scheme, None, &choices.score, choices.rule)
    );
    let shown = thinned(all, MOST);
    for place in 0..choices.targets.count(data.targets().len()) {
        text.push_str(&match choices.targets {
            ProblemTargets::All => format!("\ntarget {}\n", escaped(&data.targets()[place])),
            ProblemTargets::Own => "\n".into(),
        });
        text.push_str(&groups(choices, data, &shown, place));
        if shown.len() < all {
            let (shown, what) = (shown.len(), choices.what);
            let _ = writeln!(text, "({shown} {what}s of {all}: --format csv and --format json have all)");
        }
        text.push_str(&summary(choices, place));
    }
    text.push_str(&without(choices));
    text
}

/// A row for each of the groups shown, with as many coefficients as there is room for.
fn groups(choices: &Choices, data: &Data, shown: &[usize], target: usize) -> String {
    let of_groups = |value: &dyn Fn(usize, &Selection) -> String| -> Vec<String> {
        let cell = |group: &usize| choices.found[*group].as_ref().map_or_else(|_| "-".into(), |own| value(*group, own));
        shown.iter().map(cell).collect()
    };
    let of = |value: &dyn Fn(&Selection) -> String| of_groups(&|_, own| value(own));
    let named = choices.columns.iter().enumerate().map(|(column, head)| {
        TableColumn::new(head.clone(), shown.iter().map(|group| choices.names[*group][column].clone()))
    });
    let rows = shown.iter().map(|group| choices.rows[*group].to_string());
    let mut columns: Vec<TableColumn> = named.chain([TableColumn::new("rows", rows)]).collect();
    let score = |own: &Selection| match own.choice(target) {
        choice if choice.standard_error.is_nan() => number(choice.score),
        choice => measured(choice.score, choice.standard_error),
    };
    let intercept = |group: usize, own: &Selection| {
        let place = (target, choices.targets.number(group, target));
        number(intercept::of_place(own.path(), data, own.choice(target).index, place))
    };
    columns.push(TableColumn::new("λ", of(&|own| number(own.choice(target).lambda))));
    columns.push(TableColumn::new(choices.score.clone(), of(&score)));
    columns.push(TableColumn::new("intercept", of_groups(&intercept)));
    for (feature, head) in data.features().iter().enumerate() {
        columns.push(TableColumn::new(head.clone(), of(&|own| number(own.coefficients(target)[feature]))));
        if !fit(&columns) {
            columns.pop();
            break;
        }
    }
    fitted(&columns)
}

/// The λ chosen for all groups, or the quartiles of those chosen for each.
fn summary(choices: &Choices, target: usize) -> String {
    if let Some(joint) = choices.joint.get(target) {
        let what = format!("\nchosen for {} by their mean", plural(choices.answered().count(), choices.what));
        let score = match joint.standard_error.is_nan() {
            true => number(joint.score),
            false => measured(joint.score, joint.standard_error),
        };
        // Of grids scaled from the data each group has its own λ in the place that is chosen.
        let lambda = match joint.lambda.is_nan() {
            true => format!("number {} of each grid", joint.index + 1),
            false => format!("λ = {}", number(joint.lambda)),
        };
        return format!("{what}: {lambda}, {} {score}\n", choices.score);
    }
    let lambdas = choices.lambdas(target);
    let (Some(least), Some(greatest)) = (lambdas.first(), lambdas.last()) else { return String::new() };
    let [quarter, half, rest] = quartiles(&lambdas).map(number);
    format!(
        "\nλ chosen for {}: from {} to {}, quartiles {quarter}, {half}, {rest}\n",
        plural(lambdas.len(), choices.what),
        number(*least),
        number(*greatest)
    )
}

/// How many groups have no choice, by their reasons, the most frequent first.
fn without(choices: &Choices) -> String {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    choices.refused().for_each(|(_, why)| *counts.entry(why).or_default() += 1);
    let mut reasons: Vec<(&str, usize)> = counts.into_iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let count: usize = reasons.iter().map(|(_, count)| count).sum();
    if count == 0 {
        return String::new();
    }
    let mut text = format!("\n{} without a choice\n", plural(count, choices.what));
    for (why, count) in reasons.iter().take(REASONS) {
        let _ = writeln!(text, "  {count}: {}", escaped(why));
    }
    let rest: usize = reasons.iter().skip(REASONS).map(|(_, count)| count).sum();
    if rest > 0 {
        let _ = writeln!(text, "  {rest}: other reasons, which --format csv and --format json have");
    }
    text
}
