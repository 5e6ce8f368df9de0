//! The scores as CSV: one row for each λ and target. Every number is written so that it reads back exactly.

use ridgepath::Selection;

use crate::data::Data;
use crate::figures::Figures;
use crate::message::{Failure, Result};
use crate::units::System;

pub(super) fn written(selection: &Selection, data: &Data, figures: &Figures) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    write(&mut writer, selection, data, figures.system.as_ref())
        .map_err(|error| Failure::Other(format!("cannot write CSV: {error}")))?;
    writer.into_inner().map_err(|error| Failure::Other(format!("cannot write CSV: {error}")))
}

fn write(
    writer: &mut csv::Writer<Vec<u8>>,
    selection: &Selection,
    data: &Data,
    system: Option<&System>,
) -> csv::Result<()> {
    let path = selection.path();
    let fixed = ["lambda", "alpha", "target", "mean", "se", "chosen"].map(str::to_owned);
    let folds = (1..=selection.folds()).map(|fold| format!("fold{fold}"));
    writer.write_record(fixed.into_iter().chain(folds).chain(system.map(System::column)))?;
    for index in 0..path.len() {
        for (target, name) in data.targets().iter().enumerate() {
            let number = |value: f64| format!("{value:?}");
            let fixed = [
                number(path.lambdas()[index]),
                number(path.shifts()[index]),
                name.clone(),
                number(selection.mean(index, target)),
                number(selection.standard_error(index, target)),
                (selection.choice(target).index == index).to_string(),
            ];
            let folds = (0..selection.folds()).map(|fold| number(selection.fold_score(index, target, fold)));
            let last = system.map(|system| number(system.value(path.lambdas()[index])));
            writer.write_record(fixed.into_iter().chain(folds).chain(last))?;
        }
    }
    Ok(())
}
