//! Where tables come from: inputs with named columns that yield rows.

use crate::machine::failure::Result;

/// An input with named columns, whose rows are read one after another.
pub(crate) trait TableSource {
    /// The input, as messages name it.
    fn name(&self) -> &str;

    /// The columns' names.
    fn header(&self) -> &[String];

    /// Where the columns' names stand, as messages say it.
    fn header_place(&self) -> String;

    /// Goes to the next row, which has a cell in each column; false at the end.
    fn next_row(&mut self) -> Result<bool>;

    /// The text in a cell of the row.
    fn cell(&self, column: usize) -> &[u8];

    /// Where a cell of the row stands, as messages say it.
    fn place(&self, column: usize) -> String;
}
