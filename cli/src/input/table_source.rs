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

    /// What a source without rows is said to have none of, after its name.
    fn lacks_rows(&self) -> String;

    /// Says which columns are read from here on; a source that knows no others may leave them aside. Refuses one that holds neither
    /// numbers nor text.
    fn project(&mut self, _columns: &[usize]) -> Result<()> {
        Ok(())
    }

    /// Goes to the next row, which has a cell in each column; false at the end.
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
