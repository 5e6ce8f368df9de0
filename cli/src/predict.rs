//! `ridgepath predict`.

use ridgepath::View;
use ridgepath::nalgebra::DMatrix;

use crate::args::PredictArgs;
use crate::columns::Columns;
use crate::csv_input::{CsvInput, Purpose};
use crate::distinct::{self, Place};
use crate::message::{Failure, Result};
use crate::model::Model;
use crate::output::{self, Sink};

pub(crate) fn run(args: &PredictArgs) -> Result<()> {
    let to = match &args.output {
        output::Place::Stdout => ("standard output", Place::Stdout),
        output::Place::File(file) => ("--output", Place::File(file)),
    };
    distinct::check(&[("the model", Place::File(&args.model)), ("the input", Place::input(&args.input)), to])?;
    let sink = Sink::new(&args.output)?;
    let model = Model::read(&args.model)?;
    let input = CsvInput::open(&args.input)?;
    let columns = Columns::named("the model", &model.features, input.header(), input.file(), input.header_line())?;
    let (table, _) = input.read(&columns, Purpose::Predict)?;
    let features = table.columns(0, model.features.len());
    let predicted = model.model.predict(View::column_major(features, table.rows(), model.features.len())?)?;
    let written =
        written(&model.targets, &predicted).map_err(|error| Failure::Other(format!("cannot write CSV: {error}")))?;
    output::commit(vec![sink.stage(written)?])
}

/// A column for each target.
fn written(targets: &[String], predicted: &DMatrix<f64>) -> csv::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(targets)?;
    for row in predicted.row_iter() {
        writer.write_record(row.iter().map(|value| format!("{value:?}")))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
