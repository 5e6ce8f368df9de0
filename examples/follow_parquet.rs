//! Follows a folder of Parquet files: sums only the files that are new since it last looked, and chooses λ from all that were summed.
//!
//! `cargo run --release --features parquet --example follow_parquet -- FOLDER --target NAME [--once]`
//!
//! What was summed, and the names of the files that are in it, stay in `follow.moments` in the folder, so that it may be ended at any
//! time and goes on where it was. A file that is taken away stays in the sums; one that has changed is an error.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use ridgepath::choose::Criterion;
use ridgepath::{ColumnNames, CrossValidation, Moments, ParquetFiles, Ridge, Selection, Standardize};
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Between one look and the next.
const PAUSE: Duration = Duration::from_secs(2);

fn main() -> Result<()> {
    let (mut folder, mut target, mut once) = (None, None, false);
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--target" => target = arguments.next(),
            "--once" => once = true,
            other if folder.is_none() && !other.starts_with('-') => folder = Some(PathBuf::from(other)),
            other => return Err(format!("{other:?} is not known; wanted FOLDER --target NAME [--once]").into()),
        }
    }
    let (Some(folder), Some(target)) = (folder, target) else {
        return Err("wanted FOLDER --target NAME [--once]".into());
    };
    let mut sums = Sums::of(&folder, &target)?;
    loop {
        let new = sums.new_files()?;
        let mut failed = 0;
        for (name, size) in &new {
            match sums.add(name, *size) {
                Ok(rows) => println!("{name}: {rows} rows, {} in all; {}", sums.rows(), sums.chosen_in_words()),
                // It may be half written, or its columns others: the rest can be summed without it.
                Err(error) => {
                    eprintln!("{name} is left out until the next look: {error}");
                    failed += 1;
                }
            }
        }
        match once {
            true if failed > 0 => return Err(format!("{failed} of {} new files were not summed", new.len()).into()),
            true => return Ok(()),
            false => thread::sleep(PAUSE),
        }
    }
}

/// The sums of some files of a folder.
struct Sums {
    folder: PathBuf,
    target: String,
    /// The names of the features, once there was a file.
    features: Vec<String>,
    /// The files summed, with their sizes.
    files: BTreeMap<String, u64>,
    moments: Option<Moments>,
}

impl Sums {
    /// Those that an earlier run has left in the folder, or of no files.
    fn of(folder: &Path, target: &str) -> Result<Self> {
        let (folder, target) = (folder.to_owned(), target.to_owned());
        let mut sums = Self { folder, target, features: Vec::new(), files: BTreeMap::new(), moments: None };
        let path = sums.kept();
        if path.try_exists()? {
            sums.read(&fs::read(&path)?).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(sums)
    }

    fn kept(&self) -> PathBuf {
        self.folder.join("follow.moments")
    }

    /// Takes what [`written`](Self::written) has made: a line of JSON, and the moments after it.
    fn read(&mut self, bytes: &[u8]) -> Result<()> {
        let line = bytes.iter().position(|byte| *byte == b'\n').ok_or("it has no first line")?;
        let head: Value = serde_json::from_slice(&bytes[..line])?;
        if head["target"] != self.target.as_str() {
            return Err(
                format!("it is of target {}; wanted {:?}, or another folder", head["target"], self.target).into()
            );
        }
        let names = head["features"].as_array().ok_or("it names no features")?;
        self.features = names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
        let files = head["files"].as_object().ok_or("it names no files")?;
        self.files = files.iter().filter_map(|(name, size)| Some((name.clone(), size.as_u64()?))).collect();
        let moments = Moments::from_bytes(&bytes[line + 1..])?;
        if (self.features.len(), self.files.len(), moments.features()) != (names.len(), files.len(), names.len()) {
            return Err("its first line and its moments do not belong together".into());
        }
        self.moments = Some(moments);
        Ok(())
    }

    fn written(&self, moments: &Moments, files: &BTreeMap<String, u64>, features: &[String]) -> Vec<u8> {
        let head = json!({ "target": self.target, "features": features, "files": files });
        [format!("{head}\n").into_bytes(), moments.to_bytes()].concat()
    }

    /// The Parquet files that are in no sum yet, by the order of their names.
    fn new_files(&self) -> Result<Vec<(String, u64)>> {
        let mut new = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(|error| format!("{}: {error}", self.folder.display()))? {
            let entry = entry?;
            let name = entry.file_name().into_string().map_err(|name| format!("{name:?} is no text"))?;
            let size = entry.metadata()?.len();
            match self.files.get(&name) {
                Some(before) if *before != size => {
                    let kept = self.kept();
                    let remove = format!("remove {} to sum all files again", kept.display());
                    return Err(
                        format!("{name} had {before} bytes when it was summed, and has {size} now; {remove}").into()
                    );
                }
                Some(_) => (),
                None if name.ends_with(".parquet") && !name.starts_with('.') => new.push((name, size)),
                None => (),
            }
        }
        new.sort();
        Ok(new)
    }

    /// Sums one file more, and keeps the sums on the disk before they are in memory; how many rows it has.
    fn add(&mut self, name: &str, size: u64) -> Result<usize> {
        let columns = ColumnNames::new([&self.target]);
        let columns = if self.features.is_empty() { columns } else { columns.features(&self.features) };
        let file = ParquetFiles::open([self.folder.join(name)], &columns)?;
        let own = Moments::from_stream(&mut file.stream())?;
        let rows = own.rows();
        let moments = match self.moments.clone() {
            Some(mut all) => all.merge(&own).map(|()| all)?,
            None => own,
        };
        let mut files = self.files.clone();
        files.insert(name.to_owned(), size);
        // Whole or not at all: whoever reads it sees the old sums, or the new ones with the name of this file.
        let part = self.folder.join(".follow.moments.part");
        let mut to = File::create(&part)?;
        to.write_all(&self.written(&moments, &files, file.features()))?;
        to.sync_all()?;
        fs::rename(&part, self.kept())?;
        self.features = file.features().to_vec();
        (self.moments, self.files) = (Some(moments), files);
        Ok(rows)
    }

    fn rows(&self) -> usize {
        self.moments.as_ref().map_or(0, Moments::rows)
    }

    /// λ by generalised cross-validation, which needs no rows.
    fn chosen(&self) -> Result<Selection> {
        let moments = self.moments.as_ref().ok_or("no file was summed yet")?;
        let ridge = Ridge::new().standardize(Standardize::Population);
        Ok(CrossValidation::new(ridge).criterion(Criterion::Gcv).fit_moments(std::slice::from_ref(moments))?)
    }

    fn chosen_in_words(&self) -> String {
        match self.chosen() {
            Ok(selection) => {
                let choice = selection.choice(0);
                let named = self.features.iter().zip(selection.coefficients(0));
                let named: Vec<String> = named.take(5).map(|(name, value)| format!("{name} {value:.4}")).collect();
                let more = if self.features.len() > 5 { ", …" } else { "" };
                format!("λ = {:.5}, GCV {:.2}: {}{more}", choice.lambda, choice.score, named.join(", "))
            }
            Err(error) => format!("no λ: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, RecordBatch};
    use parquet::arrow::ArrowWriter;

    use super::*;

    /// A folder that is removed with its files.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = env::temp_dir().join(format!("ridgepath-follow-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        /// Writes rows as a Parquet file.
        fn write(&self, name: &str, rows: std::ops::Range<usize>) {
            let column = |of: fn(f64) -> f64| {
                Arc::new(Float64Array::from_iter_values(rows.clone().map(|row| of(row as f64)))) as ArrayRef
            };
            let columns = [
                ("a", column(|row| (row * row) % 17.0)),
                ("b", column(|row| (row * 5.0) % 13.0)),
                ("y", column(|row| (row * row) % 17.0 - 2.0 * ((row * 5.0) % 13.0) + row % 7.0)),
            ];
            let batch = RecordBatch::try_from_iter(columns).unwrap();
            let mut writer =
                ArrowWriter::try_new(File::create(self.0.join(name)).unwrap(), batch.schema(), None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
        }

        fn look(&self) -> Result<(Sums, Vec<String>)> {
            let mut sums = Sums::of(&self.0, "y")?;
            let new = sums.new_files()?;
            for (name, size) in &new {
                sums.add(name, *size)?;
            }
            Ok((sums, new.into_iter().map(|(name, _)| name).collect()))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn only_new_files_are_summed_and_the_choice_is_that_of_all_rows() {
        let folder = Folder::new("new");
        folder.write("1.parquet", 0..60);
        folder.write("2.parquet", 60..75);
        assert_eq!(folder.look().unwrap().1, ["1.parquet", "2.parquet"]);
        folder.write("3.parquet", 75..200);
        let (sums, new) = folder.look().unwrap();
        assert_eq!((sums.rows(), new), (200, vec!["3.parquet".to_owned()]));
        let (again, none) = folder.look().unwrap();
        assert!(none.is_empty());
        assert_eq!(again.moments, sums.moments);

        let whole = Folder::new("whole");
        whole.write("all.parquet", 0..200);
        let (found, wanted) = (sums.chosen().unwrap(), whole.look().unwrap().0.chosen().unwrap());
        assert_eq!(found.choice(0).index, wanted.choice(0).index);
        for (found, wanted) in found.coefficients(0).iter().zip(wanted.coefficients(0)) {
            assert!((found - wanted).abs() < 1e-12 * wanted.abs(), "{found} {wanted}");
        }
    }

    #[test]
    fn what_does_not_fit_the_sums_is_refused_and_leaves_them_as_they_were() {
        let folder = Folder::new("refused");
        folder.write("1.parquet", 0..60);
        let (sums, _) = folder.look().unwrap();
        let refused = |words: &str| {
            let error = folder.look().map(|(sums, _)| sums.rows()).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        };
        fs::write(folder.0.join("2.parquet"), "PAR1").unwrap();
        refused("2.parquet");
        fs::remove_file(folder.0.join("2.parquet")).unwrap();
        assert_eq!(folder.look().unwrap().0.moments, sums.moments);

        folder.write("1.parquet", 0..90);
        refused("1.parquet had");
        folder.write("1.parquet", 0..60);
        assert!(
            Sums::of(&folder.0, "z").map(|_| ()).unwrap_err().to_string().contains("of target \"y\"; wanted \"z\"")
        );

        let mut bytes = fs::read(sums.kept()).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(sums.kept(), bytes).unwrap();
        refused("checksum");
    }
}
