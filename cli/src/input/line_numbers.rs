//! Which physical line of a file a byte stands on, and where a row has no end.
//!
//! The CSV parser's own count goes astray at blank lines and CRLF, so where lines end is kept for as long as its current
//! record may need it.

use std::collections::VecDeque;
use std::io::{self, Read};

use memchr::{memchr, memchr_iter};

/// Bytes of a row, beyond which it is not read: the parser would keep them all.
pub(crate) const MOST_BYTES: u64 = 16 << 20;
/// Delimiters and line ends of a row, beyond which it is not read.
const MOST_MARKS: u64 = 1 << 20;

/// A reader that can tell the line of a byte that it has passed on not long ago.
pub(crate) struct Tracked<R> {
    inner: R,
    /// What parts cells.
    delimiter: u8,
    /// How many lines have ended before the first byte.
    before: u64,
    ends: VecDeque<LineEnds>,
    passed: Passed,
    /// Where the row that is being read begins, or a little later.
    row: Passed,
}

/// Line ends that follow one another.
struct LineEnds {
    begin: u64,
    /// How many lines have ended after the last of the line ends.
    lines: u64,
}

/// How much lies before a byte, and the byte before it.
#[derive(Clone, Copy, Default)]
struct Passed {
    byte: u64,
    lines: u64,
    marks: u64,
    last: u8,
}

/// Whether a line ends with this byte, after that one: with LF, CR, or CR LF, which is one end.
fn ends_line(byte: u8, last: u8) -> bool {
    byte == b'\r' || (byte == b'\n' && last != b'\r')
}

pub(crate) fn is_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

impl<R: Read> Tracked<R> {
    /// Of bytes before which so many lines have ended.
    pub(crate) fn new(inner: R, delimiter: u8, before: u64) -> Self {
        Self { inner, delimiter, before, ends: VecDeque::new(), passed: Passed::default(), row: Passed::default() }
    }

    /// A row has been read, from byte `begin` to before byte `end`. Bytes before it will not be asked about any more.
    pub(crate) fn row_read(&mut self, begin: u64, end: u64) {
        while self.ends.get(1).is_some_and(|next| next.begin <= begin) {
            self.ends.pop_front();
        }
        self.row = Passed { byte: end, ..self.passed };
    }

    /// The line, from 1, of the first byte from `byte` on that is no line end.
    pub(crate) fn line_from(&self, byte: u64) -> u64 {
        let within = self.ends.iter().take_while(|ends| ends.begin <= byte).last().map_or(0, |ends| ends.lines);
        self.before + within + 1
    }

    fn check_row(&self) -> io::Result<()> {
        let marks = self.passed.marks - self.row.marks;
        if self.passed.byte - self.row.byte <= MOST_BYTES && marks <= MOST_MARKS {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "the row on line {} has no end within {} MiB and {MOST_MARKS} cells; is a quote missing, or is this no CSV?",
            self.line_from(self.row.byte),
            MOST_BYTES >> 20
        )))
    }
}

impl<R: Read> Read for Tracked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.check_row()?;
        let count = self.inner.read(buffer)?;
        // Most bytes are neither, and this loop sees all.
        let Passed { byte: begin, last: before, .. } = self.passed;
        for (at, byte) in buffer[..count].iter().enumerate() {
            if !is_end(*byte) {
                self.passed.marks += u64::from(*byte == self.delimiter);
                continue;
            }
            let last = if at == 0 { before } else { buffer[at - 1] };
            self.passed.marks += 1;
            self.passed.lines += u64::from(ends_line(*byte, last));
            match self.ends.back_mut() {
                Some(run) if is_end(last) => run.lines = self.passed.lines,
                _ => self.ends.push_back(LineEnds { begin: begin + at as u64, lines: self.passed.lines }),
            }
        }
        self.passed.byte += count as u64;
        self.passed.last = buffer[..count].last().copied().unwrap_or(before);
        Ok(count)
    }
}

/// How many lines end within a text.
pub(crate) fn ends(text: &[u8]) -> u64 {
    if memchr(b'\r', text).is_none() {
        return memchr_iter(b'\n', text).count() as u64;
    }
    let last = |at: usize| at.checked_sub(1).map_or(0, |before| text[before]);
    text.iter().enumerate().filter(|(at, byte)| ends_line(**byte, last(*at))).count() as u64
}

#[cfg(test)]
mod tests {
    use super::{Tracked, ends};
    use std::io::Read;

    #[test]
    fn a_line_is_known_whatever_ends_it_and_however_the_bytes_arrive() {
        let text = b"a\r\nb\n\n\rc\r\r\nd";
        for size in 1..=text.len() {
            let mut tracked = Tracked::new(&text[..], b',', 0);
            let mut buffer = vec![0; size];
            while tracked.read(&mut buffer).unwrap() > 0 {}
            let lines = [0, 3, 5, 8, 11].map(|byte| tracked.line_from(byte));
            assert_eq!(lines, [1, 2, 5, 7, 7], "chunks of {size}");
            tracked.row_read(8, 9);
            assert_eq!(tracked.line_from(8), 7, "chunks of {size}");
        }
        assert_eq!(ends(text), 6);
    }
}
