//! Files of moments: the sums of the rows of each fold, with the names of the columns.
//!
//! The first line is `ridgepath-moments 1 XXXXXXXX`, with the CRC-32 of all that follows; the second a JSON object; after it
//! come the moments of each fold, one after another, as `Moments::to_bytes` writes them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ridgepath::Moments;
use serde::{Deserialize, Serialize};

use crate::machine::failure::{Failure, Result};

/// How the first line begins.
pub(crate) const BEGIN: &[u8] = b"ridgepath-moments ";
const VERSION: &str = "1";

/// The names that moments do not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Names {
    pub(crate) features: Vec<String>,
    pub(crate) targets: Vec<String>,
    /// How the rows were parted into folds, in words; `None` where they were not.
    pub(crate) folds: Option<String>,
    /// The files whose rows they are, where these were summed one by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<SummedFile>,
}

/// A file of rows, as it was when they were summed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SummedFile {
    pub(crate) name: String,
    pub(crate) bytes: u64,
}

/// What a file of moments holds.
#[derive(Debug)]
pub(crate) struct MomentsFile {
    pub(crate) names: Names,
    /// One for each fold, or one of all rows.
    pub(crate) folds: Vec<Moments>,
}

/// Whether a file begins as those of moments do. What cannot be read, or not twice, is none.
pub(crate) fn is_one(path: &Path) -> bool {
    let regular = path.metadata().is_ok_and(|metadata| metadata.is_file());
    let mut head = [0; BEGIN.len()];
    regular && File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == BEGIN
}

impl Names {
    /// Adds the files of another, where those of both are known.
    fn join_files(&mut self, other: &Self) {
        match self.files.is_empty() || other.files.is_empty() {
            true => self.files.clear(),
            false => self.files.extend(other.files.iter().cloned()),
        }
    }
}

impl MomentsFile {
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut rest = serde_json::to_vec(&self.names).map_err(|error| Failure::Other(error.to_string()))?;
        rest.push(b'\n');
        self.folds.iter().for_each(|fold| rest.extend(fold.to_bytes()));
        let mut bytes = format!("ridgepath-moments {VERSION} {:08X}\n", crc32fast::hash(&rest)).into_bytes();
        bytes.extend(rest);
        Ok(bytes)
    }

    pub(crate) fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| Failure::reading(&name, &error))?;
        Self::of_bytes(&bytes).map_err(|wrong| Failure::Input(format!("{name}: {wrong}")))
    }

    fn of_bytes(bytes: &[u8]) -> std::result::Result<Self, String> {
        let line = |bytes: &[u8]| bytes.iter().position(|byte| *byte == b'\n').ok_or("it is cut off");
        let end = line(bytes)?;
        let (first, rest) = (String::from_utf8_lossy(&bytes[..end]), &bytes[end + 1..]);
        let mut words = first.split(' ').skip(1);
        match words.next() {
            Some(VERSION) => (),
            version => return Err(format!("it holds moments of version {version:?}, wanted {VERSION:?}")),
        }
        let (found, wanted) = (format!("{:08X}", crc32fast::hash(rest)), words.next().unwrap_or_default());
        if found != wanted {
            return Err(format!("its checksum is {found}, and was {wanted}: it is damaged, or cut off"));
        }
        let end = line(rest)?;
        let names: Names = serde_json::from_slice(&rest[..end]).map_err(|error| error.to_string())?;
        let (mut folds, mut left) = (Vec::new(), &rest[end + 1..]);
        while !left.is_empty() {
            let (fold, more) = Moments::from_prefix(left).map_err(|error| error.to_string())?;
            if [fold.features(), fold.targets()] != [names.features.len(), names.targets.len()] {
                return Err("its moments are of other columns than it names".into());
            }
            folds.push(fold);
            left = more;
        }
        match folds.is_empty() {
            true => Err("it holds no moments".into()),
            false => Ok(Self { names, folds }),
        }
    }

    /// The moments of several files: of those with folds each fold merged with those of its number; of those without, each file is
    /// a fold.
    pub(crate) fn of_files<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<Self> {
        let mut paths = paths.into_iter();
        let Some(first) = paths.next() else { return Err(Failure::Input("there is no file to read".into())) };
        let mut all = Self::read(first)?;
        for path in paths {
            let other = Self::read(path)?;
            all.check(&other, &path.display().to_string(), &first.display().to_string())?;
            if all.names.folds.is_none() {
                all.names.join_files(&other.names);
                all.folds.extend(other.folds);
            } else {
                all.merge(&other)?;
            }
        }
        Ok(all)
    }

    /// Refuses another's moments, of `file`, that have other columns or folds than these, of `with`.
    pub(crate) fn check(&self, other: &Self, file: &str, with: &str) -> Result<()> {
        let folds = |own: &Self| match &own.names.folds {
            Some(words) => format!("{} {words}", own.folds.len()),
            None => "none".into(),
        };
        for (what, found, wanted) in [
            ("features", format!("{:?}", other.names.features), format!("{:?}", self.names.features)),
            ("targets", format!("{:?}", other.names.targets), format!("{:?}", self.names.targets)),
            ("folds", folds(other), folds(self)),
        ] {
            if found != wanted {
                return Err(Failure::Input(format!("{file}: its {what} are {found}; wanted {wanted}, as in {with}")));
            }
        }
        Ok(())
    }

    /// Merges each fold with that of its number in moments that have been checked.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<()> {
        for (fold, more) in self.folds.iter_mut().zip(&other.folds) {
            fold.merge(more)?;
        }
        self.names.join_files(&other.names);
        Ok(())
    }

    /// The moments of all folds together.
    pub(crate) fn whole(&self) -> Result<Moments> {
        let mut whole = self.folds[0].clone();
        for fold in &self.folds[1..] {
            whole.merge(fold)?;
        }
        Ok(whole)
    }
}
