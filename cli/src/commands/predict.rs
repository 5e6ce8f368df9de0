//! `ridgepath predict`.

use ridgepath::View;
use ridgepath::nalgebra::DMatrix;

use crate::args::predict::PredictArgs;
use crate::commands::places;
use crate::format::message;
use crate::format::records::predictions::Predictions;
use crate::input::prediction_batches;
use crate::input::saved_model::SavedModel;
use crate::machine::failure::Result;
use crate::machine::same_file::{self, Place};

pub(crate) fn run(args: &PredictArgs) -> Result<()> {
    let mut all = vec![("the model", Place::File(&args.model)), places::destination(&args.output)];
    all.extend(places::inputs(&args.input));
    same_file::check(&all)?;
    let (sink, encoding) = places::records(args.format, &args.output)?;
    let model = SavedModel::read(&args.model)?;
    let mut predictions = Predictions::new(&model.targets, encoding, sink);
    let dropped = prediction_batches::each(&args.input, &args.reading, &model, |table, kept| {
        let (rows, features) = (table.rows(), model.features.len());
        // No matrix is without rows.
        let predicted = match rows {
            0 => DMatrix::zeros(0, model.targets.len()),
            rows => model.model.predict(View::column_major(table.columns(0, features), rows, features)?)?,
        };
        predictions.take(&predicted, kept)
    })?;
    predictions.finish()?;
    dropped.note("without a prediction").iter().for_each(|note| message::note(note));
    Ok(())
}
