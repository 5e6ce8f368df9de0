//! No file may be both read and written, or written twice.

use std::fs;
use std::path::{Path, PathBuf};

use same_file::Handle;

use crate::machine::failure::{Failure, Result};
use crate::machine::output;

/// A file or stream that is read or written.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    File(&'a Path),
    Stdin,
    Stdout,
}

impl<'a> Place<'a> {
    /// An input, which `-` makes standard input.
    pub(crate) fn input(path: &'a Path) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::File(path) }
    }

    fn name(self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stdin => "standard input".into(),
            Self::Stdout => "standard output".into(),
        }
    }
}

/// What two names of one file have in common: one of these at least.
struct Identity {
    /// Device and inode: symbolic and hard links lead to the same. None of a file that is not there yet or cannot be opened, as when
    /// too many are open.
    open: Option<Handle>,
    /// The full path; none of a stream.
    path: Option<PathBuf>,
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        let same_path = self.path.is_some() && self.path == other.path;
        same_path || (self.open.is_some() && self.open == other.open)
    }
}

/// Refuses places, each with its role in the command, of which two are the same regular file. Devices and pipes may well be
/// both.
pub(crate) fn check(places: &[(&str, Place<'_>)]) -> Result<()> {
    let known: Vec<(&str, Place<'_>, Identity)> =
        places.iter().filter_map(|(role, place)| Some((*role, *place, identity(*place)?))).collect();
    for (index, (role, place, identity)) in known.iter().enumerate() {
        if let Some((other, ..)) = known[..index].iter().find(|(.., other)| other == identity) {
            return Err(Failure::Input(match other == role {
                true => format!("{role} names {} twice; wanted every file once", place.name()),
                false => format!("{other} and {role} are the same file; wanted different ones"),
            }));
        }
    }
    Ok(())
}

fn identity(place: Place<'_>) -> Option<Identity> {
    let regular = |handle: Handle| handle.as_file().metadata().is_ok_and(|m| m.is_file()).then_some(handle);
    let stream = |handle| Identity { open: Some(handle), path: None };
    match place {
        Place::Stdin => Handle::stdin().ok().and_then(regular).map(stream),
        Place::Stdout => Handle::stdout().ok().and_then(regular).map(stream),
        // Opening a pipe would wait for its other end.
        Place::File(path) => match fs::metadata(path) {
            Ok(metadata) if !metadata.is_file() => None,
            Ok(_) => Some(Identity { open: Handle::from_path(path).ok(), path: path.canonicalize().ok() }),
            Err(_) => Some(Identity { open: None, path: output::resolved(path).ok() }),
        },
    }
}
