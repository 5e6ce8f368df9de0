//! How text is read: what parts its cells, how its numbers are written, and what becomes of missing ones.

use std::str::FromStr;

use crate::args::names::NameList;

#[derive(clap::Args, Debug, Clone, Default)]
pub(crate) struct ReadingArgs {
    /// What parts the cells of a row: one character, or `tab` [default: the comma, semicolon or tab that the header has]
    #[arg(long, value_name = "CHARACTER", requires = "input")]
    pub(crate) delimiter: Option<Delimiter>,
    /// Numbers have a decimal comma, as in 1,5, and no points; not where commas part the cells
    #[arg(long, requires = "input")]
    pub(crate) decimal_comma: bool,
    /// Cells that count as missing, beside empty ones, NA, N/A, #N/A, NaN, null, none and a point
    #[arg(long, value_name = "A,B,…", requires = "input", allow_negative_numbers = true)]
    pub(crate) null: Option<NameList>,
    /// Leave out the rows that have no value in a column that is used; how many is said. Predictions have an empty row for each
    #[arg(long, requires = "input")]
    pub(crate) drop_missing: bool,
}

impl ReadingArgs {
    /// An error where there is no file that these options could be of: sizes stand in its place, which clap does not tell.
    pub(crate) fn refuse_without_input(&self) -> Result<(), String> {
        let given = [
            (self.delimiter.is_some(), "--delimiter"),
            (self.decimal_comma, "--decimal-comma"),
            (self.null.is_some(), "--null"),
            (self.drop_missing, "--drop-missing"),
        ];
        match given.iter().find(|(given, _)| *given) {
            Some((_, option)) => Err(format!("{option}: there is no file to read; wanted INPUT in the place of sizes")),
            None => Ok(()),
        }
    }
}

/// What parts the cells of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delimiter(u8);

impl Delimiter {
    pub(crate) const COMMA: Self = Self(b',');
    /// Those that are found out by the header.
    pub(crate) const COMMON: [Self; 3] = [Self::COMMA, Self(b';'), Self(b'\t')];

    /// A character that can be no part of a number, a name or a quoted cell.
    pub(crate) fn new(character: u8) -> Option<Self> {
        let fits = character.is_ascii()
            && !character.is_ascii_alphanumeric()
            && !matches!(character, b'"' | b'\'' | b'.' | b'+' | b'-' | b'\r' | b'\n' | 0);
        fits.then_some(Self(character))
    }

    pub(crate) fn byte(self) -> u8 {
        self.0
    }

    /// As the command line would have it.
    pub(crate) fn written(self) -> String {
        match self.0 {
            b'\t' => "tab".into(),
            b',' => ",".into(),
            other => format!("'{}'", char::from(other).escape_default()),
        }
    }

    /// In words, of several.
    pub(crate) fn plural(self) -> String {
        match self.0 {
            b',' => "commas".into(),
            b';' => "semicolons".into(),
            b'\t' => "tabs".into(),
            other => format!("{:?}", char::from(other)),
        }
    }
}

impl FromStr for Delimiter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let character = match text {
            "tab" | "\\t" => Some(b'\t'),
            _ => text.as_bytes().first().copied().filter(|_| text.len() == 1),
        };
        character.and_then(Self::new).ok_or_else(|| {
            format!(
                "found {text:?}, wanted one ASCII character such as ';' or '|' that is no letter, digit, quote, point, sign or line \
                 end, or tab"
            )
        })
    }
}
