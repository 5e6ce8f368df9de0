//! The scores as records: one for each λ and target.

use std::io;

use ridgepath::Selection;

use crate::fit::figures::Figures;
use crate::fit::other_system::OtherSystem;
use crate::format::records::encoder::{self, Encoder, Encoding};
use crate::format::records::record::{Cell, Column};
use crate::input::data::Data;
use crate::machine::failure::Result;

pub(crate) fn written(encoding: Encoding, selection: &Selection, data: &Data, figures: &Figures) -> Result<Vec<u8>> {
    let system = figures.system.as_ref();
    encoder::written(encoding, &columns(selection, system), |to| write(to, selection, data, system))
}

fn columns(selection: &Selection, system: Option<&OtherSystem>) -> Vec<Column> {
    let mut columns =
        vec![Column::number("lambda"), Column::number("alpha"), Column::text("target"), Column::number("mean")];
    columns.extend([Column::number("se"), Column::flag("chosen")]);
    columns.extend((1..=selection.folds()).map(|fold| Column::number(format!("fold{fold}"))));
    columns.extend(system.map(|system| Column::number(system.column())));
    columns
}

fn write(
    to: &mut Encoder<Vec<u8>>,
    selection: &Selection,
    data: &Data,
    system: Option<&OtherSystem>,
) -> io::Result<()> {
    let path = selection.path();
    for index in 0..path.len() {
        for (target, name) in data.targets().iter().enumerate() {
            let fixed = [
                Cell::Number(path.lambdas()[index]),
                Cell::Number(path.shifts()[index]),
                Cell::Text(name),
                Cell::Number(selection.mean(index, target)),
                Cell::Number(selection.standard_error(index, target)),
                Cell::Flag(selection.choice(target).index == index),
            ];
            let folds = (0..selection.folds()).map(|fold| selection.fold_score(index, target, fold));
            let last = system.map(|system| system.value(path.lambdas()[index]));
            to.record(fixed.into_iter().chain(folds.chain(last).map(Cell::Number)))?;
        }
    }
    Ok(())
}
