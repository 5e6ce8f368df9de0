//! Temporary files that a signal does not leave behind.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

/// The temporary files that are there.
static THERE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A file that goes away, unless it is given a name to stay under.
pub(crate) struct Temporary(Option<NamedTempFile>);

impl Temporary {
    pub(crate) fn new(builder: &tempfile::Builder<'_, '_>, directory: &Path) -> io::Result<Self> {
        let mut there = there();
        let file = builder.tempfile_in(directory)?;
        there.push(file.path().to_owned());
        Ok(Self(Some(file)))
    }

    pub(crate) fn as_file(&self) -> &File {
        self.named().as_file()
    }

    /// Gives the file the name `target`, in place of what has that name.
    pub(crate) fn persist(mut self, target: &Path) -> io::Result<()> {
        let mut there = there();
        let Some(file) = self.0.take() else { return Ok(()) };
        there.retain(|path| path != file.path());
        file.persist(target).map(drop).map_err(|error| error.error)
    }

    fn named(&self) -> &NamedTempFile {
        self.0.as_ref().expect("taken only where it is consumed")
    }
}

impl Write for Temporary {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.as_file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.as_file().flush()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(file) = self.0.take() {
            // Held until the file is gone: no signal comes between.
            let mut there = there();
            there.retain(|path| path != file.path());
            drop(file);
        }
    }
}

/// Removes the files. While what is returned is held, none is made, nor given a name.
#[cfg(unix)]
pub(crate) fn remove_all() -> impl Sized {
    let there = there();
    there.iter().for_each(|path| drop(std::fs::remove_file(path)));
    there
}

fn there() -> MutexGuard<'static, Vec<PathBuf>> {
    THERE.lock().unwrap_or_else(PoisonError::into_inner)
}
