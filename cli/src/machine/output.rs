//! Standard output, and files that appear whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::machine::failure::{Failure, Result};
use crate::machine::temporary::Temporary;

/// A file or a stream found fit to be written.
pub(crate) struct Sink {
    name: String,
    way: Way,
}

enum Way {
    Stdout,
    /// A device or a pipe: written as it is, never replaced.
    InPlace(PathBuf),
    /// A file, new or to be replaced, with owner and permissions of the old one.
    Replace {
        target: PathBuf,
        old: Option<fs::Metadata>,
    },
}

/// An answer on its way: already on the disk where it can be.
pub(crate) struct Staged {
    name: String,
    content: Content,
}

enum Content {
    Stdout(Vec<u8>),
    InPlace(PathBuf, Vec<u8>),
    Replace(Temporary, PathBuf),
}

impl Sink {
    pub(crate) fn stdout() -> Self {
        Self { name: "standard output".into(), way: Way::Stdout }
    }

    /// Looks at a file before any work is done for it.
    pub(crate) fn file(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let way = way(path).map_err(|error| Failure::writing(&name, &error))?;
        Ok(Self { name, way })
    }

    /// Brings the content as near to the file or stream as can be undone.
    pub(crate) fn stage(self, content: Vec<u8>) -> Result<Staged> {
        let Self { name, way } = self;
        let content = match way {
            Way::Stdout => Content::Stdout(content),
            Way::InPlace(path) => Content::InPlace(path, content),
            Way::Replace { target, old } => {
                let file = beside(&target, &content, old).map_err(|error| Failure::writing(&name, &error))?;
                Content::Replace(file, target)
            }
        };
        Ok(Staged { name, content })
    }
}

/// Puts every answer in its file or stream. Streams, which can fail half-way, come before files, which cannot.
pub(crate) fn commit(staged: Vec<Staged>) -> Result<()> {
    let (files, streams): (Vec<_>, Vec<_>) =
        staged.into_iter().partition(|staged| matches!(staged.content, Content::Replace(..)));
    let mut closed = false;
    for staged in streams.into_iter().chain(files) {
        match staged.write() {
            // Who reads no further from the stream still gets the files.
            Err(Failure::ClosedPipe) => closed = true,
            done => done?,
        }
    }
    if closed { Err(Failure::ClosedPipe) } else { Ok(()) }
}

/// Writes to standard output.
pub(crate) fn print(content: Vec<u8>) -> Result<()> {
    commit(vec![Sink::stdout().stage(content)?])
}

impl Staged {
    fn write(self) -> Result<()> {
        let written = match self.content {
            Content::Stdout(content) => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(&content).and_then(|()| stdout.flush())
            }
            Content::InPlace(path, content) => {
                OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(&content))
            }
            Content::Replace(file, target) => file.persist(&target),
        };
        written.map_err(|error| Failure::writing(&self.name, &error))
    }
}

/// How a path is to be written, if it can be.
fn way(path: &Path) -> io::Result<Way> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(metadata) if metadata.is_file() => {
            // Replacing needs no right to write the file itself; who may not write it shall not replace it.
            OpenOptions::new().write(true).open(path)?;
            Ok(Way::Replace { target: path.canonicalize()?, old: Some(metadata) })
        }
        Ok(_) => Ok(Way::InPlace(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !names_directory(path) => {
            Ok(Way::Replace { target: resolved(path)?, old: None })
        }
        Err(error) => Err(error),
    }
}

/// Whether a path ends as the paths of directories do, which paths taken apart do not tell.
fn names_directory(path: &Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    bytes.ends_with(b"/") || bytes.ends_with(b"/.") || (cfg!(windows) && bytes.ends_with(b"\\"))
}

/// The full path of a file that is not there, through symbolic links that lead nowhere yet.
pub(crate) fn resolved(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    // As many as Linux follows.
    for _ in 0..40 {
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.canonicalize()?,
            _ => Path::new(".").canonicalize()?,
        };
        let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        let full = parent.join(name);
        match fs::read_link(&full) {
            Ok(target) => path = parent.join(target),
            Err(_) => return Ok(full),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// A file in the folder of its target, with the content and with owner and permissions of what it will replace.
fn beside(target: &Path, content: &[u8], old: Option<fs::Metadata>) -> io::Result<Temporary> {
    let directory = target.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ridgepath-");
    #[cfg(unix)]
    let everyone = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    // What the umask takes away is taken away when the file is made.
    #[cfg(unix)]
    builder.permissions(everyone);
    let mut file = Temporary::new(&builder, directory)?;
    file.write_all(content)?;
    let written = file.as_file();
    if let Some(old) = old {
        keep_owner(written, &old);
        written.set_permissions(old.permissions())?;
    }
    written.sync_all()?;
    Ok(file)
}

/// Owner and group, where the user may give files away.
#[cfg(unix)]
fn keep_owner(file: &File, old: &fs::Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    if fchown(file, Some(old.uid()), Some(old.gid())).is_err() {
        let _ = fchown(file, None, Some(old.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &fs::Metadata) {}
