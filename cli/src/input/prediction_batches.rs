//! Rows for a model, of which no more than a batch is held.

use crate::args::input_files::InputFiles;
use crate::args::reading::ReadingArgs;
use crate::input::column_roles::ColumnRoles;
use crate::input::dropped_rows::DroppedRows;
use crate::input::files;
use crate::input::saved_model::SavedModel;
use crate::input::table::Table;
use crate::input::table_builder::{Purpose, TableBuilder};
use crate::input::table_source::TableSource;
use crate::machine::failure::{Failure, Result};

/// Numbers of a batch, about, at the least.
const NUMBERS: usize = 1 << 20;

/// Calls `take` with the rows of the files, batch by batch: with the model's features of those that are kept, and with whether each row
/// is. The batches do not tell where a file ends.
pub(crate) fn each(
    files: &[InputFiles],
    reading: &ReadingArgs,
    model: &SavedModel,
    mut take: impl FnMut(&Table, &[bool]) -> Result<()>,
) -> Result<DroppedRows> {
    let text: Vec<String> = model.categories.iter().map(|category| category.column.clone()).collect();
    let named = |source: &dyn TableSource| ColumnRoles::named("the model", &model.columns, &text, source);
    let most = (NUMBERS / model.features.len()).clamp(256, 65_536);
    let mut builder: Option<TableBuilder> = None;
    let (first, chosen) = files::each(files, reading, named, |file, chosen| {
        let builder =
            builder.get_or_insert_with(|| TableBuilder::new(Purpose::Predict, reading, chosen, &model.categories));
        file.begin(builder, chosen)?;
        while file.give(builder, chosen)? {
            if builder.pending() >= most {
                let (table, kept) = builder.batch(file.source(), chosen)?;
                take(&table, &kept)?;
            }
        }
        Ok(())
    })?;
    let Some(mut builder) = builder else {
        return Err(Failure::Input("there is no file to read; wanted INPUT".into()));
    };
    let dropped = builder.end(first.source())?;
    let (table, kept) = builder.batch(first.source(), &chosen)?;
    take(&table, &kept)?;
    Ok(dropped)
}
