//! The scores as CSV: one row for each λ and target. Every number is written so that it reads back exactly.

use ridgepath::Selection;

use crate::fit::figures::Figures;
use crate::fit::other_system::OtherSystem;
use crate::format::csv::records::{self, Writer};
use crate::input::data::Data;
use crate::machine::failure::Result;

pub(crate) fn written(selection: &Selection, data: &Data, figures: &Figures) -> Result<Vec<u8>> {
    records::written(|writer| write(writer, selection, data, figures.system.as_ref()))
}

fn write(writer: &mut Writer, selection: &Selection, data: &Data, system: Option<&OtherSystem>) -> csv::Result<()> {
    let path = selection.path();
    let fixed = ["lambda", "alpha", "target", "mean", "se", "chosen"].map(str::to_owned);
    let folds = (1..=selection.folds()).map(|fold| format!("fold{fold}"));
    writer.write_record(fixed.into_iter().chain(folds).chain(system.map(OtherSystem::column)))?;
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
