//! Standard output, and files that appear whole or not at all.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::machine::failure::{Failure, Result};
use crate::machine::temporary::Temporary;

/// Whether anything of an answer has been written where it is seen.
static BEGUN: AtomicBool = AtomicBool::new(false);
/// What of long work is written, and whole.
static KEPT: Mutex<Option<String>> = Mutex::new(None);

/// What there is of the answer if the work ends here, in words.
pub(crate) fn so_far() -> Cow<'static, str> {
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner).take();
    match kept {
        Some(words) => words.into(),
        None if BEGUN.load(Ordering::Relaxed) => "what was written is not whole".into(),
        None => "nothing was written".into(),
    }
}

/// Says that what was written so far is whole, and what it is.
pub(crate) fn keep(words: String) {
    *KEPT.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
}

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

    /// The file or stream, as messages name it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a file that will appear whole, rather than a stream.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self.way, Way::Replace { .. })
    }

    pub(crate) fn is_terminal(&self) -> bool {
        match &self.way {
            Way::Stdout => io::stdout().is_terminal(),
            // A pipe would wait for who reads it.
            Way::InPlace(path) => {
                is_device(path) && OpenOptions::new().write(true).open(path).is_ok_and(|own| own.is_terminal())
            }
            Way::Replace { .. } => false,
        }
    }

    /// A way for content that comes in parts: on its way at once to a stream, and to a file beside the one that it is to be.
    pub(crate) fn open(self) -> Result<Flow> {
        let Self { name, way } = self;
        let to = match way {
            Way::Stdout => Ok(Open::Stdout(io::stdout())),
            Way::InPlace(path) => OpenOptions::new().write(true).open(path).map(Open::InPlace),
            Way::Replace { target, old } => {
                beside(&target).map(|file| Open::Replace { file, target, old: Box::new(old) })
            }
        };
        match to {
            Ok(to) => Ok(Flow { name, to }),
            Err(error) => Err(Failure::writing(&name, &error)),
        }
    }

    /// Brings the content as near to the file or stream as can be undone.
    pub(crate) fn stage(self, content: Vec<u8>) -> Result<Staged> {
        let Self { name, way } = self;
        let content = match way {
            Way::Stdout => Content::Stdout(content),
            Way::InPlace(path) => Content::InPlace(path, content),
            Way::Replace { target, old } => {
                let file = beside(&target).and_then(|mut file| {
                    file.write_all(&content)?;
                    seal(&file, old)?;
                    Ok(file)
                });
                Content::Replace(file.map_err(|error| Failure::writing(&name, &error))?, target)
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

/// Content that is written as it comes: a file of it appears when it is committed.
pub(crate) struct Flow {
    name: String,
    to: Open,
}

enum Open {
    Stdout(io::Stdout),
    InPlace(File),
    Replace { file: Temporary, target: PathBuf, old: Box<Option<fs::Metadata>> },
}

impl Flow {
    /// The file or stream, as messages name it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn commit(mut self) -> Result<()> {
        let written = self.flush().and_then(|()| match self.to {
            Open::Replace { file, target, old } => seal(&file, *old).and_then(|()| {
                BEGUN.store(true, Ordering::Relaxed);
                file.persist(&target)
            }),
            Open::Stdout(_) | Open::InPlace(_) => Ok(()),
        });
        written.map_err(|error| Failure::writing(&self.name, &error))
    }
}

impl Write for Flow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !matches!(self.to, Open::Replace { .. }) {
            BEGUN.store(true, Ordering::Relaxed);
        }
        match &mut self.to {
            Open::Stdout(to) => to.write(bytes),
            Open::InPlace(to) => to.write(bytes),
            Open::Replace { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            Open::Stdout(to) => to.flush(),
            Open::InPlace(to) => to.flush(),
            Open::Replace { file, .. } => file.flush(),
        }
    }
}

impl Staged {
    fn write(self) -> Result<()> {
        BEGUN.store(true, Ordering::Relaxed);
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

/// A file in the folder of its target.
fn beside(target: &Path) -> io::Result<Temporary> {
    let directory = target.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ridgepath-");
    #[cfg(unix)]
    let everyone = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    // What the umask takes away is taken away when the file is made.
    #[cfg(unix)]
    builder.permissions(everyone);
    Temporary::new(&builder, directory)
}

/// Gives a file that is written owner and permissions of what it will replace, and has it on the disk.
fn seal(file: &Temporary, old: Option<fs::Metadata>) -> io::Result<()> {
    let written = file.as_file();
    if let Some(old) = old {
        keep_owner(written, &old);
        written.set_permissions(old.permissions())?;
    }
    written.sync_all()
}

#[cfg(unix)]
fn is_device(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_char_device())
}

#[cfg(not(unix))]
fn is_device(_: &Path) -> bool {
    false
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
