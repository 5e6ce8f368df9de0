//! Tables, built of the rows of sources.

use std::sync::Arc;

use crate::args::reading::ReadingArgs;
use crate::input::assembly::Assembly;
use crate::input::categories::{Category, CategoryColumn};
use crate::input::cell_rules::{self, CellRules};
use crate::input::column_roles::{ColumnRoles, Part};
use crate::input::dropped_rows::DroppedRows;
use crate::input::labels::Labels;
use crate::input::number_block::{NumberBlock, NumberRules};
use crate::input::number_column::{self, NumberColumn};
use crate::input::table::Table;
use crate::input::table_source::{Next, TableSource, Wanted};
use crate::machine::failure::{Failure, Result};
use crate::machine::progress::Progress;

/// What columns are read for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// With `gaps` a target may have no value in a row: NaN.
    Fit {
        intercept: bool,
        gaps: bool,
    },
    Predict,
}

const LEAVE_OUT: &str = "leave out its row, as --drop-missing does";

/// What was read: a table of numbers, and a label for each row, of each kind for which columns are chosen.
pub(crate) struct Built {
    pub(crate) table: Table,
    /// The number of the column that each feature is of.
    pub(crate) features: Vec<usize>,
    pub(crate) categories: Vec<Category>,
    pub(crate) labels: Vec<Labels>,
    pub(crate) dropped: DroppedRows,
}

/// The columns read so far: the features, then the targets, then the weights, then the times, which must not run backwards; and a
/// label for each row, of each kind for which columns are chosen.
pub(crate) struct TableBuilder {
    purpose: Purpose,
    cells: CellRules,
    numbers: Vec<NumberColumn>,
    categories: Vec<CategoryColumn>,
    labels: Vec<Labels>,
    drop_missing: bool,
    sources: usize,
    /// The rows read so far.
    rows: usize,
    /// How many of them are left out.
    dropped: usize,
    /// For predictions, whether each of the rows since the last batch was kept.
    kept: Vec<bool>,
    progress: Progress,
}

impl TableBuilder {
    /// `known` are the categories of a model, in the order of the columns chosen.
    pub(crate) fn new(purpose: Purpose, reading: &ReadingArgs, chosen: &ColumnRoles, known: &[Category]) -> Self {
        let of_text = |number: usize| known.get(number).map_or_else(CategoryColumn::default, CategoryColumn::of);
        Self {
            purpose,
            cells: CellRules::new(reading),
            numbers: chosen.of_numbers().map(|_| NumberColumn::default()).collect(),
            categories: (0..chosen.categorical.len()).map(of_text).collect(),
            labels: chosen.labels.iter().map(|_| Labels::default()).collect(),
            drop_missing: reading.drop_missing,
            sources: 0,
            rows: 0,
            dropped: 0,
            kept: Vec::new(),
            progress: Progress::counting("rows read"),
        }
    }

    /// Notes that the rows of another source come, whose columns are chosen as those of the first were.
    pub(crate) fn begin(&mut self, source: &mut impl TableSource, chosen: &ColumnRoles) -> Result<()> {
        self.sources += 1;
        let rules = || NumberRules {
            columns: chosen.of_numbers().collect(),
            gaps: self.purpose.has_gaps(),
            drop_missing: self.drop_missing,
            cells: self.cells.clone(),
        };
        let numbers_alone = chosen.categorical.is_empty() && chosen.labels.is_empty();
        source.project(Wanted { columns: chosen.all(), numbers: numbers_alone.then(|| Arc::new(rules())) })
    }

    /// Takes the rows of a source that come next; false when there are no more.
    pub(crate) fn take_some(&mut self, source: &mut impl TableSource, chosen: &ColumnRoles) -> Result<bool> {
        let columns: Vec<(usize, Part)> = chosen.of_numbers().collect();
        match source.advance(&|block| self.fits(block, &columns))? {
            Next::Block(block) => self.take_block(block),
            Next::Rows => self.take_rows(source, chosen, &columns)?,
            Next::End => return Ok(false),
        }
        Ok(true)
    }

    /// Whether a block has nothing that must be told of its rows, with those before.
    fn fits(&self, block: &NumberBlock, columns: &[(usize, Part)]) -> bool {
        let in_time = |values: &[f64], before: Option<f64>| {
            let first = values.first().is_none_or(|first| before.is_none_or(|before| before <= *first));
            first && values.is_sorted()
        };
        columns.iter().zip(&self.numbers).zip(&block.columns).all(|(((_, part), column), values)| {
            column.is_plain() && (*part != Part::Time || in_time(values, column.last()))
        })
    }

    fn take_block(&mut self, block: NumberBlock) {
        let NumberBlock { rows, columns, dropped } = block;
        self.numbers.iter_mut().zip(columns).for_each(|(column, values)| column.extend(values));
        self.dropped += dropped.len();
        if matches!(self.purpose, Purpose::Predict) {
            let first = self.kept.len();
            self.kept.resize(first + rows, true);
            dropped.into_iter().for_each(|row| self.kept[first + row] = false);
        }
        self.rows += rows;
        self.progress.counted_some(self.rows as u64);
    }

    /// Takes the rows that a source has one by one.
    fn take_rows(
        &mut self,
        source: &mut impl TableSource,
        chosen: &ColumnRoles,
        columns: &[(usize, Part)],
    ) -> Result<()> {
        while source.next_row()? {
            self.rows += 1;
            self.progress.counted(self.rows as u64);
            let dropped = self.drop_missing && self.lacks_value(source, columns, chosen);
            if matches!(self.purpose, Purpose::Predict) {
                self.kept.push(!dropped);
            }
            if dropped {
                self.dropped += 1;
                continue;
            }
            for ((column, part), values) in columns.iter().zip(&mut self.numbers) {
                if *part == Part::Target && self.purpose.has_gaps() && self.cells.lacks_number(source, *column) {
                    values.push_missing();
                    continue;
                }
                let pushed = match source.number(*column) {
                    Some(number) => self.cells.push_number(values, number),
                    None => self.cells.push(values, source.cell(*column), self.purpose.shiftable(*part)),
                };
                pushed
                    .and_then(|value| match *part {
                        Part::Weight if value < 0.0 => Err((format!("found {value}"), "a weight ≥ 0")),
                        Part::Time if values.falls() => Err((
                            format!(
                                "found {}, which is before the time of the row above",
                                number_column::shown(source.cell(*column))
                            ),
                            "rows in the order of time",
                        )),
                        _ => Ok(()),
                    })
                    .map_err(|(found, wanted)| {
                        let missing = self.cells.lacks_number(source, *column);
                        let remedy = remedy(missing, self.purpose, source.cell(*column), *part);
                        let place = source.place(*column);
                        Failure::Input(format!("{place}: {found}, wanted {wanted}{remedy}"))
                    })?;
            }
            for (column, levels) in chosen.categorical.iter().zip(&mut self.categories) {
                let cell = source.cell(*column);
                let pushed = match self.cells.lacks_level(cell) {
                    true => Err(format!("{}, wanted a level: {LEAVE_OUT}", number_column::found(cell.trim_ascii()))),
                    false => levels.push(cell),
                };
                pushed.map_err(|wrong| Failure::Input(format!("{}: {wrong}", source.place(*column))))?;
            }
            for (columns, labels) in chosen.labels.iter().zip(&mut self.labels) {
                let cell = |column: &usize| match source.cell(*column).trim_ascii() {
                    cell if self.cells.lacks_label(cell) => {
                        let (place, found) = (source.place(*column), number_column::found(cell));
                        Err(Failure::Input(format!("{place}: {found}, wanted a label: {LEAVE_OUT}")))
                    }
                    cell => Ok(cell.to_vec()),
                };
                labels.push(columns.iter().map(cell).collect::<Result<_>>()?);
            }
        }
        Ok(())
    }

    /// The columns of numbers, and the labels of each kind, of the rows since the last call: none of them is less an origin.
    pub(crate) fn drain(&mut self) -> (Vec<Vec<f64>>, Vec<Vec<usize>>) {
        let columns = self.numbers.iter_mut().map(|column| std::mem::take(column).into_parts().0).collect();
        (columns, self.labels.iter_mut().map(Labels::drain).collect())
    }

    /// For predictions, the rows since the last batch, those that are left out among them.
    pub(crate) fn pending(&self) -> usize {
        self.kept.len()
    }

    /// The rows since the last batch, as a table without those that are left out, and whether each was kept.
    pub(crate) fn batch(&mut self, source: &dyn TableSource, chosen: &ColumnRoles) -> Result<(Table, Vec<bool>)> {
        let numbers = self.numbers.iter_mut().map(std::mem::take).collect();
        let categories = self.categories.iter_mut().map(CategoryColumn::take).collect();
        let Assembly { names, columns, .. } = Assembly::new(numbers, categories, true, source, chosen)?;
        Ok((Table::new(names, columns), std::mem::take(&mut self.kept)))
    }

    /// Whether a row has no value in a column that needs one.
    fn lacks_value(&self, source: &impl TableSource, numbers: &[(usize, Part)], chosen: &ColumnRoles) -> bool {
        let may_miss = |part: Part| part == Part::Target && self.purpose.has_gaps();
        let of_numbers = |(column, part): &(usize, Part)| !may_miss(*part) && self.cells.lacks_number(source, *column);
        numbers.iter().any(of_numbers)
            || chosen.categorical.iter().any(|column| self.cells.lacks_level(source.cell(*column)))
            || chosen.labels.iter().flatten().any(|column| self.cells.lacks_label(source.cell(*column)))
    }

    /// What labels of the first kind are called, in the order of their numbers.
    pub(crate) fn label_names(&self) -> Vec<String> {
        self.labels.iter().take(1).flat_map(Labels::cells).map(|cells| cells.join(",")).collect()
    }

    /// How many rows were left out, when all were read: one at least must be left.
    pub(crate) fn end(&mut self, source: &dyn TableSource) -> Result<DroppedRows> {
        self.progress.finish();
        if self.rows == 0 {
            let (file, lacks_rows) = (source.name(), source.lacks_rows());
            let others =
                if self.sources > 1 { format!(" nor have the {} others", self.sources - 1) } else { String::new() };
            return Err(Failure::Input(format!("{file} {lacks_rows}{others}; wanted at least 1")));
        }
        if self.dropped == self.rows {
            return Err(Failure::Input(format!(
                "each of the {} rows of {} lacks a value in a column that is used, and --drop-missing leaves none; wanted at least 1",
                self.rows,
                if self.sources == 1 { source.name() } else { "all files" }
            )));
        }
        Ok(DroppedRows { asked: self.drop_missing, count: self.dropped, of: self.rows })
    }

    /// What was read, with the names of the columns in `source`.
    pub(crate) fn finish(mut self, source: &dyn TableSource, chosen: &ColumnRoles) -> Result<Built> {
        let dropped = self.end(source)?;
        let all_levels = !matches!(self.purpose, Purpose::Fit { intercept: true, .. });
        let assembly = Assembly::new(self.numbers, self.categories, all_levels, source, chosen)?;
        let Assembly { names, features, categories, columns } = assembly;
        Ok(Built { table: Table::new(names, columns), features, categories, labels: self.labels, dropped })
    }
}

impl Purpose {
    fn has_gaps(self) -> bool {
        matches!(self, Self::Fit { gaps: true, .. })
    }

    /// Whether whole numbers may be read less an origin. Of times nothing but their differences is used.
    fn shiftable(self, part: Part) -> bool {
        let intercept = matches!(self, Self::Fit { intercept: true, .. });
        (intercept && part != Part::Weight) || part == Part::Time
    }
}

/// What may be done about a cell that is no number, said after what was wanted.
fn remedy(missing: bool, purpose: Purpose, cell: &[u8], part: Part) -> String {
    let is_feature = part == Part::Feature && matches!(purpose, Purpose::Fit { .. });
    if !missing {
        if cell_rules::has_comma(cell) {
            return "; a decimal comma is read with --decimal-comma, where commas do not part cells".into();
        }
        let date = match cell_rules::is_date(cell) {
            true => "; this is a date: turn dates into numbers, such as days since one of them",
            false => "",
        };
        let text = match is_feature && (!date.is_empty() || cell_rules::is_text(cell)) {
            true => "; a column of text becomes features by --categorical, and --exclude leaves it out",
            false => "",
        };
        return format!("{date}{text}");
    }
    let or = match part {
        Part::Feature if is_feature => ", or the column by --exclude",
        Part::Target => ", or let path and cv do so for this target alone by --missing-targets skip",
        _ => "",
    };
    format!(": {LEAVE_OUT}{or}")
}
