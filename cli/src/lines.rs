//! Which physical line of a file a byte stands on.
//!
//! The CSV parser's own count goes astray at blank lines and CRLF, so the bytes that pass to it are kept for as long as
//! its current record may need them.

use std::collections::VecDeque;
use std::io::{self, Read};

/// A reader that can tell the line of a byte that it has passed on not long ago.
pub(crate) struct Tracked<R> {
    inner: R,
    kept: VecDeque<Chunk>,
    next: Place,
}

struct Chunk {
    begin: Place,
    bytes: Vec<u8>,
}

/// A byte's number, how many lines end before it, and whether a carriage return is just before it.
#[derive(Clone, Copy, Default)]
struct Place {
    byte: u64,
    lines: u64,
    after_return: bool,
}

impl Place {
    /// A line ends with LF, CR, or CR LF.
    fn after(self, byte: u8) -> Self {
        let ends = byte == b'\r' || (byte == b'\n' && !self.after_return);
        Self { byte: self.byte + 1, lines: self.lines + u64::from(ends), after_return: byte == b'\r' }
    }
}

impl<R: Read> Tracked<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, kept: VecDeque::new(), next: Place::default() }
    }

    /// Bytes before this one will not be asked about any more.
    pub(crate) fn forget_before(&mut self, byte: u64) {
        while self.kept.get(1).is_some_and(|next| next.begin.byte <= byte) {
            self.kept.pop_front();
        }
    }

    /// The line, from 1, of the first byte from this one on that is no line end.
    pub(crate) fn line_from(&self, byte: u64) -> u64 {
        let mut place = Place::default();
        for chunk in &self.kept {
            place = chunk.begin;
            for own in &chunk.bytes {
                if place.byte >= byte && !matches!(own, b'\r' | b'\n') {
                    return place.lines + 1;
                }
                place = place.after(*own);
            }
        }
        place.lines + 1
    }
}

impl<R: Read> Read for Tracked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let bytes = buffer[..count].to_vec();
        let begin = self.next;
        self.next = bytes.iter().fold(begin, |place, byte| place.after(*byte));
        self.kept.push_back(Chunk { begin, bytes });
        Ok(count)
    }
}

/// How many lines end within a text.
pub(crate) fn ends(text: &[u8]) -> u64 {
    text.iter().fold(Place::default(), |place, byte| place.after(*byte)).lines
}

#[cfg(test)]
mod tests {
    use super::{Tracked, ends};
    use std::io::Read;

    #[test]
    fn a_line_is_known_whatever_ends_it_and_however_the_bytes_arrive() {
        let text = b"a\r\nb\n\n\rc\r\r\nd";
        for size in 1..=text.len() {
            let mut tracked = Tracked::new(&text[..]);
            let mut buffer = vec![0; size];
            while tracked.read(&mut buffer).unwrap() > 0 {}
            let lines = [0, 3, 5, 8, 11].map(|byte| tracked.line_from(byte));
            assert_eq!(lines, [1, 2, 5, 7, 7], "chunks of {size}");
            tracked.forget_before(8);
            assert_eq!(tracked.line_from(8), 7, "chunks of {size}");
        }
        assert_eq!(ends(text), 6);
    }
}
