//! The text of a CSV file in blocks, each of whole rows.

use std::io::{self, Read};

use memchr::{memchr, memrchr2};

use crate::input::line_numbers::{self, is_end};

/// Bytes of a block, about.
pub(crate) const BYTES: usize = 1 << 19;
/// Bytes without the end of a row, beyond which none is looked for: more than a row may have.
#[expect(clippy::cast_possible_truncation, reason = "some millions")]
const MOST_BYTES: usize = line_numbers::MOST_BYTES as usize + (1 << 20);

pub(crate) const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A text that is cut after rows' ends.
pub(crate) struct CsvBlocks {
    /// None when all is read, or left to whoever looks for the end of a row.
    source: Option<Box<dyn Read>>,
    delimiter: u8,
    bytes: usize,
    /// What comes after the last cut.
    rest: Vec<u8>,
    /// Why no more can be read, which is said after what was read.
    failed: Option<io::Error>,
    /// Whether the next block is the first.
    first: bool,
}

/// A part of the text.
pub(crate) enum CsvBlock {
    /// Whole rows, one at the least.
    Rows(Vec<u8>),
    /// All that is left: a row without end, as far as was looked.
    Endless(Box<dyn Read>),
}

impl CsvBlocks {
    pub(crate) fn new(source: Box<dyn Read>, delimiter: u8, bytes: usize) -> Self {
        Self { source: Some(source), delimiter, bytes, rest: Vec::new(), failed: None, first: true }
    }

    /// The next block, if there is one.
    pub(crate) fn next(&mut self) -> io::Result<Option<CsvBlock>> {
        let mut block = std::mem::take(&mut self.rest);
        let mut wanted = self.bytes;
        while let Some(source) = &mut self.source {
            let more = wanted.saturating_sub(block.len());
            block.reserve(more);
            match source.take(more as u64).read_to_end(&mut block) {
                Ok(read) if read < more => self.source = None,
                Ok(_) => (),
                Err(error) => {
                    (self.source, self.failed) = (None, Some(error));
                }
            }
            if self.source.is_none() && self.failed.is_none() {
                break;
            }
            let mark = if self.first && block.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
            if let Some(end) = rows_end(&block[mark..], self.delimiter) {
                self.rest = block.split_off(mark + end);
                self.first = false;
                return Ok(Some(CsvBlock::Rows(block)));
            }
            if block.len() > MOST_BYTES
                && let Some(rest) = self.source.take()
            {
                return Ok(Some(CsvBlock::Endless(Box::new(io::Cursor::new(block).chain(rest)))));
            }
            wanted = (2 * block.len().max(self.bytes)).min(MOST_BYTES + 1);
        }
        match self.failed.take() {
            Some(error) => Err(error),
            None => Ok((!block.is_empty()).then_some(CsvBlock::Rows(block))),
        }
    }
}

/// Where the last row ends that is whole, of a text that begins with a row or with line ends before one; none where there is none.
fn rows_end(text: &[u8], delimiter: u8) -> Option<usize> {
    let begin = text.iter().position(|byte| !is_end(*byte))?;
    let end = match memchr(b'"', text) {
        None => last_line_end(text),
        Some(_) => last_end_outside_quotes(text, delimiter),
    };
    end.filter(|end| *end > begin)
}

/// After the last line end of which it is seen whether it is whole: a CR may be half of one.
fn last_line_end(text: &[u8]) -> Option<usize> {
    let last = memrchr2(b'\n', b'\r', text)?;
    match text[last] == b'\r' && last + 1 == text.len() {
        true => memrchr2(b'\n', b'\r', &text[..last]).map(|before| before + 1),
        false => Some(last + 1),
    }
}

/// After the last whole line end that is no part of a quoted cell, as the CSV parser has it: only a quote with which a cell begins opens one.
fn last_end_outside_quotes(text: &[u8], delimiter: u8) -> Option<usize> {
    let (mut end, mut at, mut begins) = (None, 0, true);
    while let Some(byte) = text.get(at) {
        if begins && *byte == b'"' {
            // Two quotes within are one that is meant.
            loop {
                let Some(length) = memchr(b'"', &text[at + 1..]) else { return end };
                at += length + 2;
                if text.get(at) != Some(&b'"') {
                    break;
                }
            }
            begins = false;
            continue;
        }
        at += 1;
        begins = *byte == delimiter || is_end(*byte);
        if *byte == b'\n' || (*byte == b'\r' && text.get(at).is_some_and(|next| *next != b'\n')) {
            end = Some(at);
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::{CsvBlock, CsvBlocks, rows_end};
    use proptest::prelude::*;

    /// The rows of a text, as the CSV parser has them.
    fn rows(text: &[u8]) -> Vec<csv::ByteRecord> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
        reader.byte_records().map(|row| row.unwrap()).collect()
    }

    fn blocks(text: &str, bytes: usize) -> Vec<Vec<u8>> {
        let mut blocks = CsvBlocks::new(Box::new(std::io::Cursor::new(text.to_owned().into_bytes())), b',', bytes);
        let mut all = Vec::new();
        while let Some(block) = blocks.next().unwrap() {
            match block {
                CsvBlock::Rows(own) => all.push(own),
                CsvBlock::Endless(_) => panic!("{text:?} has an end"),
            }
        }
        all
    }

    #[test]
    fn a_block_ends_with_a_row_and_never_within_a_line_end() {
        assert_eq!(rows_end(b"a\nb", b','), Some(2));
        assert_eq!(rows_end(b"a\r", b','), None);
        assert_eq!(rows_end(b"\n\n", b','), None);
        assert_eq!(rows_end(b"\na\n\n", b','), Some(4));
        assert_eq!(rows_end(b"a\r\nb\r", b','), Some(3));
        assert_eq!(rows_end(b"a,\"b\nc\"\n\"d\n", b','), Some(8));
        assert_eq!(rows_end(b"a\"\n\"\"\"\n\"\r\nb", b','), Some(10));
    }

    proptest! {
        #[test]
        fn the_rows_of_all_blocks_are_those_of_the_text(text in "[ab,\"\n\r]{0,40}", bytes in 1_usize..12, mark in any::<bool>()) {
            let text = if mark { format!("\u{feff}{text}") } else { text };
            let blocks = blocks(&text, bytes);
            prop_assert_eq!(blocks.concat(), text.as_bytes());
            let parts: Vec<csv::ByteRecord> = blocks.iter().flat_map(|block| rows(block)).collect();
            prop_assert_eq!(parts, rows(text.as_bytes()));
        }
    }
}
