//! What parts the cells of a text: what the command line says, Excel's `sep=` line, or the one that the header has.

use crate::args::reading::Delimiter;
use crate::input::text_file::TextFile;
use crate::machine::failure::{Failure, Result};

/// As many bytes are searched for the end of the header.
const LONGEST_HEADER: usize = 16 << 20;

/// What parts the cells, and whether a line before the header says so, which is no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parting {
    pub(crate) delimiter: Delimiter,
    pub(crate) separator_line: bool,
}

impl Parting {
    pub(crate) fn of(text: &mut TextFile, asked: Option<Delimiter>) -> Result<Self> {
        let file = text.name.clone();
        if let Some(value) = separator_line(&text.head) {
            let said = match value {
                [one] => Delimiter::new(*one),
                _ => None,
            };
            let Some(delimiter) = said else {
                let found = String::from_utf8_lossy(value).into_owned();
                return Err(Failure::Input(format!(
                    "{file}, line 1: found {found:?} after sep=, wanted one character, such as sep=; : take the line out, and give \
                     --delimiter"
                )));
            };
            return match asked.filter(|asked| *asked != delimiter) {
                None => Ok(Self { delimiter, separator_line: true }),
                Some(asked) => Err(Failure::Input(format!(
                    "{file}, line 1: found {} after sep=, and --delimiter {}; wanted one of the two",
                    delimiter.written(),
                    asked.written()
                ))),
            };
        }
        let delimiter = match asked {
            Some(asked) => asked,
            None => Self::found(text, &file)?,
        };
        Ok(Self { delimiter, separator_line: false })
    }

    /// The line of the header, of a text that begins so.
    pub(crate) fn header_line(self, head: &[u8]) -> &[u8] {
        let mut lines = head.split(|byte| matches!(byte, b'\r' | b'\n'));
        let first = lines.next().filter(|_| !self.separator_line);
        first.or_else(|| lines.find(|line| !line.is_empty())).unwrap_or_default()
    }

    fn found(text: &mut TextFile, file: &str) -> Result<Delimiter> {
        while header(&text.head).is_none() && text.head.len() < LONGEST_HEADER && text.look(text.head.len())? {}
        let header = header(&text.head).unwrap_or(&text.head);
        let mut quoted = false;
        let mut counts = Delimiter::COMMON.map(|delimiter| (delimiter, 0_usize));
        for byte in header {
            quoted ^= *byte == b'"';
            if !quoted {
                counts.iter_mut().filter(|(own, _)| own.byte() == *byte).for_each(|(_, count)| *count += 1);
            }
        }
        let mut seen = counts.into_iter().filter(|(_, count)| *count > 0);
        match (seen.next(), seen.next()) {
            // One column.
            (None, _) => Ok(Delimiter::COMMA),
            (Some((one, _)), None) => Ok(one),
            (Some((one, first)), Some((other, second))) => Err(Failure::Input(format!(
                "{file}: the header has {first} {} and {second} {} outside of quotes; wanted --delimiter {} or --delimiter {}, whichever \
                 parts its names",
                one.plural(),
                other.plural(),
                one.written(),
                other.written()
            ))),
        }
    }
}

/// What Excel's word on the separator says, where the first line is that.
fn separator_line(head: &[u8]) -> Option<&[u8]> {
    let head = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(head);
    let line = head.split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
    // Nobody names a column so, and a longer line may be a header.
    let value = line.get(..4).filter(|word| word.eq_ignore_ascii_case(b"sep=")).map(|_| &line[4..])?;
    (value.len() <= 2).then_some(value)
}

/// The first row, with line ends before it, if it has an end.
fn header(head: &[u8]) -> Option<&[u8]> {
    let start = head.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    let mut quoted = false;
    let ends = |byte: &u8| {
        quoted ^= *byte == b'"';
        !quoted && matches!(byte, b'\r' | b'\n')
    };
    head[start..].iter().position(ends).map(|length| &head[..start + length])
}

#[cfg(test)]
mod tests {
    use super::{header, separator_line};

    #[test]
    fn a_header_ends_with_its_line_but_not_within_quotes() {
        assert_eq!(header(b"\r\na,\"b\nc\"\r\n1"), Some(&b"\r\na,\"b\nc\""[..]));
        assert_eq!(header(b"a,b"), None);
        assert_eq!(header(b"a,\"b\n"), None);
    }

    #[test]
    fn a_separator_line_has_a_character_or_two() {
        assert_eq!(separator_line(b"sep=;\na;b\n"), Some(&b";"[..]));
        assert_eq!(separator_line("\u{feff}SEP=\t\r\n".as_bytes()), Some(&b"\t"[..]));
        assert_eq!(separator_line(b"sep=\n"), Some(&b""[..]));
        assert_eq!(separator_line(b"sep=abc\n"), None);
        assert_eq!(separator_line(b"a,b\nsep=;\n"), None);
    }
}
