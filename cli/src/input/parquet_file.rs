//! Parquet files, of which only the columns that are used are read.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::ArrayRef;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};

use crate::input::column_roles::Part;
use crate::input::decoded_column::DecodedColumn;
use crate::input::number_block::{NumberBlock, NumberRules};
use crate::input::parquet_batches::{Batch, ParquetBatches, guarded};
use crate::input::parquet_column::{ParquetColumn, other_kind};
use crate::input::table_source::{Next, TableSource, Wanted};
use crate::machine::failure::{Failure, Result};

/// A Parquet file whose schema has been read.
pub(crate) struct ParquetFile {
    name: String,
    path: PathBuf,
    /// As the columns are stored: text in dictionaries as text, for one.
    stored: ArrowReaderMetadata,
    /// As the program that wrote the file has it, where it says so.
    meant: ArrowReaderMetadata,
    header: Vec<String>,
    /// The place of each column of the file among those that are read.
    places: Vec<usize>,
    rules: Option<Arc<NumberRules>>,
    batches: Option<ParquetBatches>,
    /// The columns read, of the rows of a batch that come one by one.
    cells: Vec<ParquetColumn>,
    rows: usize,
    /// The next row of the batch, and how many rows of the file are before the batch.
    next: usize,
    before: u64,
}

impl ParquetFile {
    /// Opens a file and reads its schema.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| Failure::reading(&name, &error))?;
        let meant = guarded(&name, || ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()))?;
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let stored = guarded(&name, || ArrowReaderMetadata::try_new(Arc::clone(meant.metadata()), options))?;
        // As the names of a CSV file are, so that files of both kinds go together.
        let header = stored.schema().fields().iter().map(|field| field.name().trim().to_owned()).collect::<Vec<_>>();
        let (path, places, cells) = (path.to_owned(), Vec::new(), Vec::new());
        let (rules, batches) = (None, None);
        Ok(Self { name, path, stored, meant, header, places, rules, batches, cells, rows: 0, next: 0, before: 0 })
    }

    /// The numbers of a batch, where all its columns have nothing else; else the batch.
    fn block(&self, batch: Batch, fits: &dyn Fn(&NumberBlock) -> bool) -> std::result::Result<NumberBlock, Batch> {
        let Some(rules) = &self.rules else { return Err(batch) };
        let Batch { rows, columns: mut decoded } = batch;
        let places = || rules.columns.iter().map(|(column, part)| (self.places[*column], *part));
        let lacks = |part: Part, own: &DecodedColumn| own.lacks_values() && !rules.may_miss(part);
        let may_be = |place: usize, part: Part| {
            decoded[place].is_numbers() && (rules.drop_missing || !lacks(part, &decoded[place]))
        };
        if !places().all(|(place, part)| may_be(place, part)) {
            return Err(Batch { rows, columns: decoded });
        }
        let lacking: Vec<usize> =
            (0..).zip(places()).filter(|(_, (place, part))| lacks(*part, &decoded[*place])).map(|(at, _)| at).collect();
        let columns = places().map(|(place, _)| decoded[place].take_numbers()).collect();
        let mut block = NumberBlock { rows, columns, dropped: Vec::new() };
        if !fits(&block) {
            places().zip(block.columns).for_each(|((place, _), numbers)| decoded[place].put_numbers(numbers));
            return Err(Batch { rows, columns: decoded });
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

fn refused(file: &str, column: &str, kind: &str) -> Failure {
    Failure::Input(format!(
        "{file}, column {column:?}: found {kind}, wanted numbers or text; --exclude leaves a column out"
    ))
}

impl TableSource for ParquetFile {
    fn name(&self) -> &str {
        &self.name
    }

    fn header(&self) -> &[String] {
        &self.header
    }

    fn header_place(&self) -> String {
        self.name.clone()
    }

    fn lacks_rows(&self) -> String {
        "has no rows".into()
    }

    fn project(&mut self, wanted: Wanted) -> Result<()> {
        let Wanted { mut columns, numbers } = wanted;
        for column in &columns {
            // A length of time is stored as a number, whose unit only the program that wrote it knew.
            let types = [&self.stored, &self.meant].map(|metadata| metadata.schema().fields().get(*column));
            if let Some(kind) = types.into_iter().flatten().find_map(|field| other_kind(field.data_type())) {
                return Err(refused(&self.name, &self.header[*column], kind));
            }
        }
        columns.sort_unstable();
        columns.dedup();
        self.places = vec![usize::MAX; self.header.len()];
        columns.iter().enumerate().for_each(|(place, column)| self.places[*column] = place);
        self.rules = numbers;
        let mut parts = vec![None; self.header.len()];
        let of_numbers = self.rules.iter().flat_map(|rules| &rules.columns);
        of_numbers.for_each(|(column, part)| parts[*column] = Some(*part));
        let (name, header, rules) = (self.name.clone(), self.header.clone(), self.rules.clone());
        let take = move |column: usize, array: ArrayRef| {
            let kind = array.data_type().clone();
            let decoded = DecodedColumn::of(array, rules.as_deref().zip(parts[column]));
            decoded.ok_or_else(|| refused(&name, &header[column], &kind.to_string()))
        };
        self.batches = Some(ParquetBatches::of(&self.path, &self.stored, &columns, Arc::new(take))?);
        Ok(())
    }

    fn advance(&mut self, fits: &dyn Fn(&NumberBlock) -> bool) -> Result<Next> {
        self.before += self.rows as u64;
        (self.rows, self.next) = (0, 0);
        self.cells.clear();
        let Some(batches) = &mut self.batches else { return Ok(Next::End) };
        let Some(batch) = batches.next()? else {
            self.batches = None;
            return Ok(Next::End);
        };
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
        let (name, row, header) = (&self.name, self.before + self.next as u64, &self.header[column]);
        format!("{name}, row {row}, column {header:?}")
    }
}
