//! JSON laid out for people and for line tools alike: one line for each key of the document, and one for each object in
//! an array of it, such as the entry of a λ.

use std::io::{self, Write};

use serde_json::ser::Formatter;

#[derive(Default)]
pub(crate) struct Layout {
    depth: usize,
    /// Within an array that is a value of the document itself.
    listing: bool,
    /// An object has been put on a line of its own there.
    broken: bool,
}

impl Formatter for Layout {
    fn begin_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.depth == 2 && self.listing {
            self.broken = true;
            writer.write_all(b"\n    ")?;
        }
        self.depth += 1;
        writer.write_all(b"{")
    }

    fn end_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        writer.write_all(if self.depth == 0 { b"\n}" } else { b"}" })
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        let separator: &[u8] = match (self.depth, first) {
            (1, true) => b"\n  ",
            (1, false) => b",\n  ",
            (_, true) => b"",
            (_, false) => b", ",
        };
        writer.write_all(separator)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn begin_array<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.depth == 1 {
            self.listing = true;
            self.broken = false;
        }
        self.depth += 1;
        writer.write_all(b"[")
    }

    fn end_array<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        if self.depth == 1 {
            self.listing = false;
            if self.broken {
                writer.write_all(b"\n  ")?;
            }
        }
        writer.write_all(b"]")
    }
}
