//! The text of a file or of standard input, unpacked where it is compressed.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

use crate::input::compression::Compression;
use crate::input::other_formats;
use crate::machine::failure::{Failure, Result};

/// A text of which the first bytes have been looked at.
pub(crate) struct TextFile {
    /// The file, as messages name it.
    pub(crate) name: String,
    /// Its first bytes.
    pub(crate) head: Vec<u8>,
    rest: Box<dyn Read>,
}

impl TextFile {
    /// Opens a file, or standard input for `-`, as it is.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let (name, source): (_, Box<dyn Read>) = if path.as_os_str() == "-" {
            ("standard input".to_owned(), Box::new(io::stdin().lock()))
        } else {
            let name = path.display().to_string();
            let source = File::open(path).map_err(|error| Failure::reading(&name, &error))?;
            (name, Box::new(source))
        };
        Self::begun(name, source)
    }

    /// The text that is packed in it, if it is compressed. What is no text is refused by its name.
    pub(crate) fn unpacked(self) -> Result<Self> {
        let mut text = self;
        if let Some(compression) = Compression::of(&text.head) {
            let name = text.name.clone();
            let unpacked = compression.unpacked(text.into_source()).map_err(|error| Failure::reading(&name, &error))?;
            text = Self::begun(name, unpacked)?;
            if Compression::of(&text.head).is_some() {
                let (file, with) = (text.name, compression.name());
                return Err(Failure::Input(format!("{file} is compressed with {with} twice; wanted once: unpack it")));
            }
        }
        if let Some((what, remedy)) = other_formats::foreign(&text.head) {
            let file = text.name;
            return Err(Failure::Input(format!("{file} {what}; wanted CSV in UTF-8, Parquet or Arrow: {remedy}")));
        }
        Ok(text)
    }

    /// A text that a source has.
    pub(crate) fn begun(name: String, rest: Box<dyn Read>) -> Result<Self> {
        let mut text = Self { name, head: Vec::new(), rest };
        text.look(other_formats::LOOK)?;
        Ok(text)
    }

    /// Looks at so many bytes more, or at all that there are; whether there were any.
    pub(crate) fn look(&mut self, count: usize) -> Result<bool> {
        let before = self.head.len();
        let looked = self.rest.by_ref().take(count as u64).read_to_end(&mut self.head);
        looked.map_err(|error| Failure::reading(&self.name, &error))?;
        Ok(self.head.len() > before)
    }

    /// All bytes, from the first.
    pub(crate) fn into_source(self) -> Box<dyn Read> {
        Box::new(Cursor::new(self.head).chain(self.rest))
    }
}
