//! A block of a CSV file as columns of numbers, where nothing in it needs more than a glance.

use memchr::{memchr, memchr3};

use crate::input::cell_rules::CellRules;
use crate::input::column_roles::Part;
use crate::input::decimal;
use crate::input::line_numbers::{self, is_end};
use crate::input::number_block::{NumberBlock, NumberRules};
use crate::input::number_column;

/// How the cells of a file become numbers.
#[derive(Debug)]
pub(crate) struct CsvNumbers<'a> {
    delimiter: u8,
    /// The place of each column of the file among those wanted, and the part that it plays.
    places: Vec<Option<(usize, Part)>>,
    rules: &'a NumberRules,
}

/// What is in a cell.
enum Cell {
    Number(f64),
    Missing,
}

impl<'a> CsvNumbers<'a> {
    /// Of a file with so many columns.
    pub(crate) fn new(delimiter: u8, columns: usize, rules: &'a NumberRules) -> Self {
        let mut places = vec![None; columns];
        rules.columns.iter().enumerate().for_each(|(place, (column, part))| places[*column] = Some((place, *part)));
        Self { delimiter, places, rules }
    }

    /// The numbers of whole rows; none where a row must be looked at by itself: its cells are not as many as the columns, or one of them
    /// is quoted in a manner that takes some care, or no number that 64-bit floats hold.
    pub(crate) fn read(&self, text: &[u8]) -> Option<NumberBlock> {
        let most = usize::try_from(line_numbers::ends(text)).ok()? + 1;
        let mut columns: Vec<Vec<f64>> = self.rules.columns.iter().map(|_| Vec::with_capacity(most)).collect();
        let (mut rows, mut kept, mut dropped) = (0, 0, Vec::new());
        let mut at = 0;
        loop {
            while text.get(at).copied().is_some_and(is_end) {
                at += 1;
            }
            if at == text.len() {
                return Some(NumberBlock { rows, columns, dropped });
            }
            let mut lacks_value = false;
            for (number, place) in self.places.iter().enumerate() {
                if number > 0 {
                    text.get(at).filter(|byte| **byte == self.delimiter)?;
                    at += 1;
                }
                let Some((place, part)) = place else {
                    at = self.cell(text, at)?.1;
                    continue;
                };
                let (cell, end) = self.number(text, at)?;
                at = end;
                columns[*place].push(match cell {
                    Cell::Number(value) if *part == Part::Weight && value < 0.0 => return None,
                    Cell::Number(value) => value,
                    Cell::Missing => {
                        lacks_value |= !self.rules.may_miss(*part);
                        f64::NAN
                    }
                });
            }
            if !self.ends_row(text, at) {
                return None;
            }
            match (lacks_value, self.rules.drop_missing) {
                (false, _) => kept += 1,
                (true, true) => {
                    columns.iter_mut().for_each(|column| column.truncate(kept));
                    dropped.push(rows);
                }
                (true, false) => return None,
            }
            rows += 1;
        }
    }

    fn ends_row(&self, text: &[u8], at: usize) -> bool {
        text.get(at).is_none_or(|byte| is_end(*byte))
    }

    fn ends_cell(&self, text: &[u8], at: usize) -> bool {
        text.get(at).is_none_or(|byte| *byte == self.delimiter || is_end(*byte))
    }

    /// What is in the cell of a column of numbers that begins at a place, and where it ends.
    #[inline]
    fn number(&self, text: &[u8], at: usize) -> Option<(Cell, usize)> {
        let cells = &self.rules.cells;
        if let Some((value, length)) = decimal::leading(&text[at..], cells.point()) {
            let end = at + length;
            if self.ends_cell(text, end) {
                let missing = cells.is_null(&text[at..end]);
                return Some((if missing { Cell::Missing } else { Cell::Number(value) }, end));
            }
        }
        let (cell, end) = self.cell(text, at)?;
        Some((looked_at(cell, cells)?, end))
    }

    /// The text of a cell that begins at a place, and where it ends.
    fn cell<'t>(&self, text: &'t [u8], at: usize) -> Option<(&'t [u8], usize)> {
        if text.get(at) == Some(&b'"') {
            let close = at + 1 + memchr(b'"', &text[at + 1..])?;
            return self.ends_cell(text, close + 1).then(|| (&text[at + 1..close], close + 1));
        }
        let end = memchr3(self.delimiter, b'\n', b'\r', &text[at..]).map_or(text.len(), |length| at + length);
        Some((&text[at..end], end))
    }
}

/// What is in a cell of a column of numbers that is not as most are.
#[cold]
fn looked_at(cell: &[u8], rules: &CellRules) -> Option<Cell> {
    if rules.is_missing(cell) {
        return Some(Cell::Missing);
    }
    let plain = rules.point() == b'.';
    plain.then(|| number_column::as_it_is(cell)).flatten().map(Cell::Number)
}
