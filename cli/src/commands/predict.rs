//! `ridgepath predict`.

use ridgepath::View;

use crate::args::predict::PredictArgs;
use crate::commands::places;
use crate::format::{csv, message};
use crate::input::column_roles::ColumnRoles;
use crate::input::files;
use crate::input::saved_model::SavedModel;
use crate::input::table_builder::{Built, Purpose};
use crate::input::table_source::TableSource;
use crate::machine::failure::Result;
use crate::machine::output;
use crate::machine::same_file::{self, Place};

pub(crate) fn run(args: &PredictArgs) -> Result<()> {
    let mut all = vec![("the model", Place::File(&args.model)), places::destination(&args.output)];
    all.extend(places::inputs(&args.input));
    same_file::check(&all)?;
    let sink = places::sink_of(&args.output)?;
    let model = SavedModel::read(&args.model)?;
    let text: Vec<String> = model.categories.iter().map(|category| category.column.clone()).collect();
    let named = |source: &dyn TableSource| ColumnRoles::named("the model", &model.columns, &text, source);
    let (Built { table, dropped, .. }, _) =
        files::read(&args.input, &args.reading, Purpose::Predict, &model.categories, named)?;
    let features = table.columns(0, model.features.len());
    let predicted = model.model.predict(View::column_major(features, table.rows(), model.features.len())?)?;
    output::commit(vec![sink.stage(csv::predictions::written(&model.targets, &predicted, &dropped)?)?])?;
    dropped.note("without a prediction").iter().for_each(|note| message::note(note));
    Ok(())
}
