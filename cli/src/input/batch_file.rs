//! Files whose rows come in batches of typed columns: their numbers at once, or their rows one by one.

use std::sync::Arc;

use arrow_array::ArrayRef;

use crate::input::column_roles::Part;
use crate::input::decoded_column::DecodedColumn;
use crate::input::number_block::{NumberBlock, NumberRules};
use crate::input::parquet_column::ParquetColumn;
use crate::input::table_source::{Next, TableSource, Wanted};
use crate::machine::failure::{Failure, Result};

/// Rows that follow one another.
pub(crate) struct DecodedBatch {
    pub(crate) rows: usize,
    pub(crate) columns: Vec<DecodedColumn>,
}

/// What becomes of a column of a file, by its number.
pub(crate) type Decoder = Arc<dyn Fn(usize, ArrayRef) -> Result<DecodedColumn> + Send + Sync>;

/// What gives the batches of a file whose columns have types.
pub(crate) trait BatchSource {
    /// The file, as messages name it.
    fn name(&self) -> &str;

    /// The columns' names.
    fn columns(&self) -> Vec<String>;

    /// What a column holds, if that is neither numbers nor text.
    fn other_kind(&self, column: usize) -> Option<&'static str>;

    /// Begins to read some columns, by their numbers in order.
    fn begin(&mut self, columns: Vec<usize>, decoder: Decoder) -> Result<()>;

    /// The next batch of these columns; none at the end.
    fn next(&mut self) -> Result<Option<DecodedBatch>>;
}

/// A file whose rows come in batches, of which the last is held.
pub(crate) struct BatchFile<S> {
    source: S,
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

impl<S: BatchSource> BatchFile<S> {
    pub(crate) fn of(source: S) -> Self {
        // As the names of a CSV file are, so that files of all kinds go together.
        let header = source.columns().iter().map(|name| name.trim().to_owned()).collect();
        let (places, cells) = (Vec::new(), Vec::new());
        Self { source, header, places, rules: None, cells, rows: 0, next: 0, before: 0 }
    }

    /// What makes of an array a column of a batch.
    fn decoder(&self) -> Decoder {
        let mut parts = vec![None; self.header.len()];
        let of_numbers = self.rules.iter().flat_map(|rules| &rules.columns);
        of_numbers.for_each(|(column, part)| parts[*column] = Some(*part));
        let (name, header, rules) = (self.name().to_owned(), self.header.clone(), self.rules.clone());
        Arc::new(move |column, array| {
            let kind = array.data_type().clone();
            let decoded = DecodedColumn::of(array, rules.as_deref().zip(parts[column]));
            decoded.ok_or_else(|| refused(&name, &header[column], &kind.to_string()))
        })
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

    fn cells(&self, column: usize) -> &ParquetColumn {
        &self.cells[self.places[column]]
    }

    /// The row, from 0, in the batch.
    fn row(&self) -> usize {
        self.next.saturating_sub(1)
    }
}

impl<S: BatchSource> TableSource for BatchFile<S> {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn header(&self) -> &[String] {
        &self.header
    }

    fn header_place(&self) -> String {
        self.name().to_owned()
    }

    fn lacks_rows(&self) -> String {
        "has no rows".into()
    }

    fn project(&mut self, wanted: Wanted) -> Result<()> {
        let Wanted { mut columns, numbers } = wanted;
        for column in &columns {
            if let Some(kind) = self.source.other_kind(*column) {
                return Err(refused(self.name(), &self.header[*column], kind));
            }
        }
        columns.sort_unstable();
        columns.dedup();
        self.places = vec![usize::MAX; self.header.len()];
        columns.iter().enumerate().for_each(|(place, column)| self.places[*column] = place);
        self.rules = numbers;
        let decoder = self.decoder();
        self.source.begin(columns, decoder)
    }

    fn advance(&mut self, fits: &dyn Fn(&NumberBlock) -> bool) -> Result<Next> {
        self.before += self.rows as u64;
        (self.rows, self.next) = (0, 0);
        self.cells.clear();
        let Some(batch) = self.source.next()? else { return Ok(Next::End) };
        self.rows = batch.rows;
        match self.block(batch, fits) {
            Ok(block) => Ok(Next::Block(block)),
            Err(batch) => {
                self.cells = batch.columns.into_iter().map(DecodedColumn::into_cells).collect();
                Ok(Next::Rows)
            }
        }
    }

    fn next_row(&mut self) -> Result<bool> {
        let more = self.next < self.rows;
        self.next += usize::from(more);
        Ok(more)
    }

    fn number(&self, column: usize) -> Option<f64> {
        self.cells(column).number(self.row())
    }

    fn cell(&self, column: usize) -> &[u8] {
        self.cells(column).text(self.row())
    }

    fn place(&self, column: usize) -> String {
        let (name, row, header) = (self.name(), self.before + self.next as u64, &self.header[column]);
        format!("{name}, row {row}, column {header:?}")
    }
}

fn refused(file: &str, column: &str, kind: &str) -> Failure {
    Failure::Input(format!(
        "{file}, column {column:?}: found {kind}, wanted numbers or text; --exclude leaves a column out"
    ))
}
