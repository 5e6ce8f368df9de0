//! Where tables come from: inputs with named columns that yield rows.

use std::sync::Arc;

use crate::input::number_block::{NumberBlock, NumberRules};
use crate::machine::failure::Result;

/// What a table takes of a source.
pub(crate) struct Wanted {
    /// All columns that are used.
    pub(crate) columns: Vec<usize>,
    /// How rows become numbers, where all columns used are of numbers: a source may then give many at once.
    pub(crate) numbers: Option<Arc<NumberRules>>,
}

/// What comes next of a source.
pub(crate) enum Next {
    /// The numbers of some rows.
    Block(NumberBlock),
    /// Rows that are taken one by one, until there are no more of these.
    Rows,
    /// Nothing.
    End,
}

/// An input with named columns, whose rows are read one after another.
pub(crate) trait TableSource {
    /// The input, as messages name it.
    fn name(&self) -> &str;

    /// The columns' names.
    fn header(&self) -> &[String];

    /// Where the columns' names stand, as messages say it.
    fn header_place(&self) -> String;

    /// What a source without rows is said to have none of, after its name.
    fn lacks_rows(&self) -> String;

    /// Says what is read from here on; a source that knows no other columns may leave them aside. Refuses a column that holds neither
    /// numbers nor text.
    fn project(&mut self, wanted: Wanted) -> Result<()>;

    /// Goes to what comes next. Rows that are no plain numbers, or whose block does not fit, come one by one.
    fn advance(&mut self, fits: &dyn Fn(&NumberBlock) -> bool) -> Result<Next>;

    /// Goes to the next of the rows that come one by one, which has a cell in each column; false after the last of these.
    fn next_row(&mut self) -> Result<bool>;

    /// The finite number in a cell of the row, where the source has it as one and 64-bit floats hold it; of others the text decides.
    fn number(&self, _column: usize) -> Option<f64> {
        None
    }

    /// The text in a cell of the row; empty where there is no value.
    fn cell(&self, column: usize) -> &[u8];

    /// Where a cell of the row stands, as messages say it.
    fn place(&self, column: usize) -> String;
}
