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
        watch();
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

fn there() -> MutexGuard<'static, Vec<PathBuf>> {
    THERE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on signals that end the program take the files with them, and a file that grows beyond the limit of its size is
/// an error of writing.
#[cfg(unix)]
fn watch() {
    use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;
    use std::sync::Once;

    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        // Where signals cannot be had, all else still can.
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGXFSZ]) else { return };
        std::thread::spawn(move || {
            for signal in signals.forever().filter(|signal| *signal != SIGXFSZ) {
                // No more files are made, nor named, while the list is held.
                let there = there();
                there.iter().for_each(|path| drop(std::fs::remove_file(path)));
                let _ = emulate_default_handler(signal);
            }
        });
    });
}

#[cfg(not(unix))]
fn watch() {}
