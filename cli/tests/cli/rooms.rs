//! The rooms of the program's source: folders that import only from rooms below them, so that no circle comes about.

use std::fs;
use std::path::{Path, PathBuf};

/// From the lowest to the highest. Rooms of one level do not import from one another.
const LEVELS: [&[&str]; 7] =
    [&["args", "machine"], &["input"], &["fit"], &["measure"], &["format"], &["plot"], &["commands"]];

fn level(room: &str) -> Option<usize> {
    LEVELS.iter().position(|rooms| rooms.contains(&room))
}

/// The Rust files in a folder and in the folders within it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let nested = entries.map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    nested.flatten().filter(|file| file.extension().is_some_and(|end| end == "rs")).collect()
}

/// The rooms that a file names after `crate::`, but in comments.
fn imported(source: &str) -> Vec<&str> {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let names = code.flat_map(|line| line.split("crate::").skip(1));
    names.map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap()).collect()
}

#[test]
fn rooms_import_only_from_rooms_below_them() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut rooms_seen = 0;
    for entry in fs::read_dir(&source).unwrap().map(|entry| entry.unwrap()) {
        let name = entry.file_name().into_string().unwrap();
        if name == "main.rs" {
            continue;
        }
        let above = level(&name).unwrap_or_else(|| panic!("{name} is no room"));
        rooms_seen += 1;
        for file in files(&entry.path()) {
            let text = fs::read_to_string(&file).unwrap();
            for room in imported(&text) {
                let below = level(room).unwrap_or_else(|| panic!("{file:?} imports {room:?}, which is no room"));
                assert!(room == name || below < above, "{file:?} imports from {room}, which is not below {name}");
            }
        }
    }
    assert_eq!(rooms_seen, LEVELS.concat().len());
}
