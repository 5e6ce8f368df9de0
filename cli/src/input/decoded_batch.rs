//! Batches of a Parquet or Arrow file: their numbers at once, or their rows one by one.

use std::sync::Arc;

use arrow_array::ArrayRef;

use crate::input::column_roles::Part;
use crate::input::decoded_column::DecodedColumn;
use crate::input::number_block::{NumberBlock, NumberRules};
use crate::input::parquet_column::ParquetColumn;
use crate::input::table_source::{Next, Wanted};
use crate::machine::failure::{Failure, Result};

/// Rows that follow one another.
pub(crate) struct DecodedBatch {
    pub(crate) rows: usize,
    pub(crate) columns: Vec<DecodedColumn>,
}

/// What becomes of a column of a file, by its number.
pub(crate) type Decoder = Arc<dyn Fn(usize, ArrayRef) -> Result<DecodedColumn> + Send + Sync>;

/// The batches of a file, of which the last is held.
pub(crate) struct DecodedBatches {
    name: String,
    header: Vec<String>,
    /// The place of each column of the file among those that are read.
    places: Vec<usize>,
    rules: Option<Arc<NumberRules>>,
    /// The columns read, of the rows of the batch that come one by one.
    cells: Vec<ParquetColumn>,
    rows: usize,
    /// The next row of the batch, and how many rows of the file are before the batch.
    next: usize,
    before: u64,
}

impl DecodedBatches {
    /// Of a file of columns with these names.
    pub(crate) fn of(name: String, header: Vec<String>) -> Self {
        Self { name, header, places: Vec::new(), rules: None, cells: Vec::new(), rows: 0, next: 0, before: 0 }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// That a column has what is neither numbers nor text.
    pub(crate) fn refused(&self, column: usize, kind: &str) -> Failure {
        refused(&self.name, &self.header[column], kind)
    }

    /// Notes what is wanted; and the columns to read, in their order in the file.
    pub(crate) fn project(&mut self, wanted: Wanted) -> Vec<usize> {
        let Wanted { mut columns, numbers } = wanted;
        columns.sort_unstable();
        columns.dedup();
        self.places = vec![usize::MAX; self.header.len()];
        columns.iter().enumerate().for_each(|(place, column)| self.places[*column] = place);
        self.rules = numbers;
        columns
    }

    /// What makes of an array a column of a batch.
    pub(crate) fn decoder(&self) -> Decoder {
        let mut parts = vec![None; self.header.len()];
        let of_numbers = self.rules.iter().flat_map(|rules| &rules.columns);
        of_numbers.for_each(|(column, part)| parts[*column] = Some(*part));
        let (name, header, rules) = (self.name.clone(), self.header.clone(), self.rules.clone());
        Arc::new(move |column, array| {
            let kind = array.data_type().clone();
            let decoded = DecodedColumn::of(array, rules.as_deref().zip(parts[column]));
            decoded.ok_or_else(|| refused(&name, &header[column], &kind.to_string()))
        })
    }

    /// Goes to a batch, of the columns to read, if there is one.
    pub(crate) fn advance(&mut self, batch: Option<DecodedBatch>, fits: &dyn Fn(&NumberBlock) -> bool) -> Next {
        self.before += self.rows as u64;
        (self.rows, self.next) = (0, 0);
        self.cells.clear();
        let Some(batch) = batch else { return Next::End };
        self.rows = batch.rows;
        match self.block(batch, fits) {
            Ok(block) => Next::Block(block),
            Err(batch) => {
                self.cells = batch.columns.into_iter().map(DecodedColumn::into_cells).collect();
                Next::Rows
            }
        }
    }

    /// The numbers of a batch, where all its columns have nothing else; else the batch.
    fn block(
        &self,
        batch: DecodedBatch,
        fits: &dyn Fn(&NumberBlock) -> bool,
    ) -> std::result::Result<NumberBlock, DecodedBatch> {
        let Some(rules) = &self.rules else { return Err(batch) };
        let DecodedBatch { rows, columns: mut decoded } = batch;
        let places = || rules.columns.iter().map(|(column, part)| (self.places[*column], *part));
        let lacks = |part: Part, own: &DecodedColumn| own.lacks_values() && !rules.may_miss(part);
        let may_be = |place: usize, part: Part| {
            decoded[place].is_numbers() && (rules.drop_missing || !lacks(part, &decoded[place]))
        };
        if !places().all(|(place, part)| may_be(place, part)) {
            return Err(DecodedBatch { rows, columns: decoded });
        }
        let lacking: Vec<usize> =
            (0..).zip(places()).filter(|(_, (place, part))| lacks(*part, &decoded[*place])).map(|(at, _)| at).collect();
        let columns = places().map(|(place, _)| decoded[place].take_numbers()).collect();
        let mut block = NumberBlock { rows, columns, dropped: Vec::new() };
        if !fits(&block) {
            places().zip(block.columns).for_each(|((place, _), numbers)| decoded[place].put_numbers(numbers));
            return Err(DecodedBatch { rows, columns: decoded });
        }
        block.drop_rows(&lacking);
        Ok(block)
    }

    /// Goes to the next row of a batch whose rows come one by one; false after the last.
    pub(crate) fn next_row(&mut self) -> bool {
        let more = self.next < self.rows;
        self.next += usize::from(more);
        more
    }

    /// The number in a cell of the row.
    pub(crate) fn number(&self, column: usize) -> Option<f64> {
        self.cells(column).number(self.row())
    }

    /// The text in a cell of the row.
    pub(crate) fn cell(&self, column: usize) -> &[u8] {
        self.cells(column).text(self.row())
    }

    /// Where a cell of the row stands, as messages say it.
    pub(crate) fn place(&self, column: usize) -> String {
        let (name, row, header) = (&self.name, self.before + self.next as u64, &self.header[column]);
        format!("{name}, row {row}, column {header:?}")
    }

    fn cells(&self, column: usize) -> &ParquetColumn {
        &self.cells[self.places[column]]
    }

    /// The row, from 0, in the batch.
    fn row(&self) -> usize {
        self.next.saturating_sub(1)
    }
}

fn refused(file: &str, column: &str, kind: &str) -> Failure {
    Failure::Input(format!(
        "{file}, column {column:?}: found {kind}, wanted numbers or text; --exclude leaves a column out"
    ))
}
