//! Sources that can be read once alone, in temporary files where their end is read first.

use std::fs::File;
use std::io::{Read, Write};

use crate::input::text_file::TextFile;
use crate::machine::failure::{Failure, Result};

/// Bytes that are copied at a time.
const BYTES: usize = 1 << 16;

/// All bytes of a source, in a file without a name: it goes away with the program, however that ends.
pub(crate) fn spooled(source: TextFile) -> Result<File> {
    let name = source.name.clone();
    let failed = |error| {
        let folder = std::env::temp_dir();
        Failure::writing(&format!("{name} into a temporary file in {}", folder.display()), &error)
    };
    let mut file = tempfile::tempfile().map_err(failed)?;
    let mut bytes = source.into_source();
    let mut buffer = vec![0; BYTES];
    loop {
        match bytes.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => file.write_all(&buffer[..count]).map_err(failed)?,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => (),
            Err(error) => return Err(Failure::reading(&name, &error)),
        }
    }
    Ok(file)
}
