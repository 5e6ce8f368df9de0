//! How the text in a cell is written: its decimal sign, and what stands for a missing value.

use crate::args::names::NameList;
use crate::args::reading::ReadingArgs;
use crate::input::number_column::{NumberColumn, Unfit, shown};
use crate::input::table_source::TableSource;

/// What is written where a value is missing, in capitals or not.
const MISSING: [&[u8]; 6] = [b"", b"NA", b"N/A", b"#N/A", b"NaN", b"null"];
/// What is written so in columns of numbers alone, as it may be a level of others.
const NO_NUMBER: [&[u8]; 2] = [b"none", b"."];

#[derive(Debug, Clone)]
pub(crate) struct CellRules {
    decimal_comma: bool,
    /// What else counts as missing.
    null: Vec<Vec<u8>>,
    /// Those of it that are numbers, however many digits they have in a source of numbers.
    null_numbers: Vec<f64>,
    /// Whether numbers are as they are in most files.
    plain: bool,
    /// A number with a decimal point.
    pointed: Vec<u8>,
}

impl CellRules {
    pub(crate) fn new(args: &ReadingArgs) -> Self {
        let null: Vec<Vec<u8>> =
            args.null.iter().flat_map(NameList::names).map(|name| name.clone().into_bytes()).collect();
        let plain = !args.decimal_comma && null.is_empty();
        let null_numbers = null.iter().filter_map(|name| str::from_utf8(name).ok()?.parse().ok()).collect();
        Self { decimal_comma: args.decimal_comma, null, null_numbers, plain, pointed: Vec::new() }
    }

    /// Whether a cell of a column of numbers has no value.
    pub(crate) fn is_missing(&self, cell: &[u8]) -> bool {
        let cell = cell.trim_ascii();
        self.lacks_level(cell) || NO_NUMBER.iter().any(|name| cell.eq_ignore_ascii_case(name))
    }

    /// Whether a cell of a column of numbers has no value, in a source that may have numbers as such.
    #[inline]
    pub(crate) fn lacks_number(&self, source: &impl TableSource, column: usize) -> bool {
        match source.number(column) {
            Some(number) => self.is_null_number(number),
            None => self.is_missing(source.cell(column)),
        }
    }

    /// Whether a cell of a column of text that becomes features has no value.
    pub(crate) fn lacks_level(&self, cell: &[u8]) -> bool {
        let cell = cell.trim_ascii();
        MISSING.iter().any(|name| cell.eq_ignore_ascii_case(name)) || self.is_null(cell)
    }

    /// Whether a cell of a column of labels has no value: NA may well be one.
    pub(crate) fn lacks_label(&self, cell: &[u8]) -> bool {
        let cell = cell.trim_ascii();
        cell.is_empty() || self.is_null(cell)
    }

    /// The decimal sign.
    pub(crate) fn point(&self) -> u8 {
        if self.decimal_comma { b',' } else { b'.' }
    }

    /// Whether a number, which is a float, counts as missing.
    pub(crate) fn is_null_number(&self, number: f64) -> bool {
        self.null_numbers.contains(&number)
    }

    /// Whether a cell, without spaces around it, is one of those that count as missing beside the usual ones.
    pub(crate) fn is_null(&self, cell: &[u8]) -> bool {
        self.null.iter().any(|name| name == cell)
    }

    /// Puts a number into a column, as [`NumberColumn::push_number`] does.
    pub(crate) fn push_number(&self, column: &mut NumberColumn, number: f64) -> Result<f64, Unfit> {
        match self.is_null_number(number) {
            true => Err((format!("found {number:?}, which is missing by --null"), "a number")),
            false => column.push_number(number),
        }
    }

    /// Puts the number in a cell into a column, as [`NumberColumn::push`] does.
    #[inline]
    pub(crate) fn push(&mut self, column: &mut NumberColumn, cell: &[u8], shiftable: bool) -> Result<f64, Unfit> {
        match self.plain {
            true => column.push(cell, shiftable),
            false => self.push_other(column, cell, shiftable),
        }
    }

    fn push_other(&mut self, column: &mut NumberColumn, cell: &[u8], shiftable: bool) -> Result<f64, Unfit> {
        if !self.null.is_empty() && self.is_null(cell.trim_ascii()) {
            return Err((format!("found {}, which is missing by --null", shown(cell.trim_ascii())), "a number"));
        }
        if !self.decimal_comma {
            return column.push(cell, shiftable);
        }
        // Whether 1.234 is a little more than one or a thousand and more, the cell does not tell.
        if cell.contains(&b'.') && cell.iter().any(u8::is_ascii_digit) {
            return Err((
                format!("found {}", shown(cell.trim_ascii())),
                "a number without points, as --decimal-comma has it: 1234,5",
            ));
        }
        self.pointed.clear();
        self.pointed.extend(cell.iter().map(|byte| if *byte == b',' { b'.' } else { *byte }));
        let pushed = column.push(&self.pointed, shiftable);
        pushed.map_err(|(found, wanted)| match cell.contains(&b',') {
            true => (format!("found {}", shown(cell.trim_ascii())), wanted),
            false => (found, wanted),
        })
    }
}

/// Whether a cell is a date as ISO 8601 has it, or nearly so: a year and a month at least.
pub(crate) fn is_date(cell: &[u8]) -> bool {
    let cell = cell.trim_ascii();
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    cell.len() >= 7
        && digits(&cell[..4])
        && matches!(cell[4], b'-' | b'/')
        && digits(&cell[5..7])
        && cell.get(7).is_none_or(|next| !next.is_ascii_digit())
}

/// Whether a cell is text: no number, and not only digits and signs either, as 12:30 is.
pub(crate) fn is_text(cell: &[u8]) -> bool {
    let number = str::from_utf8(cell.trim_ascii()).is_ok_and(|text| text.parse::<f64>().is_ok());
    !number && cell.iter().any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii())
}

/// Whether a cell is a number with a comma, for a decimal one or for thousands.
pub(crate) fn has_comma(cell: &[u8]) -> bool {
    let pointed: Vec<u8> = cell.iter().map(|byte| if *byte == b',' { b'.' } else { *byte }).collect();
    let number = str::from_utf8(&pointed).ok().and_then(|text| text.trim().parse::<f64>().ok());
    cell.contains(&b',') && number.is_some()
}
