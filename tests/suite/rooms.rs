//! The rooms of the library, each a file or a folder of src/, and which imports which: a room stands on those before it alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Every room with those that it may import, from the ground up; lib.rs, which names them all, is none.
const MAY_IMPORT: [(&str, &[&str]); 17] = [
    ("error", &[]),
    ("stage", &[]),
    ("math", &["error"]),
    ("data", &["error", "math"]),
    ("moments", &["error", "math", "data"]),
    ("model", &["error", "math", "data"]),
    ("plan", &["error", "math", "model"]),
    ("equations", &["error", "math", "data", "moments", "model"]),
    ("directions", &["error", "math", "data", "moments", "model", "equations"]),
    ("answer", &["error", "math", "data", "moments", "model", "equations"]),
    ("cpu", &["error", "math", "data", "moments", "model", "plan", "equations", "answer"]),
    ("gpu", &["error", "math", "data", "moments", "model", "plan", "equations", "answer"]),
    ("reference", &["error", "data", "model", "answer"]),
    ("solve", &["error", "math", "data", "moments", "model", "plan", "equations", "answer", "cpu", "gpu", "reference"]),
    (
        "choose",
        &["error", "math", "data", "moments", "model", "plan", "equations", "directions", "answer", "cpu", "solve"],
    ),
    (
        "tell",
        &["error", "math", "data", "moments", "model", "plan", "equations", "directions", "answer", "solve", "choose"],
    ),
    ("decay", &["error", "moments"]),
];

/// The module that each file is, with the modules that it names after `crate::`; tests within files, and comments, name none.
fn files() -> BTreeMap<String, BTreeSet<String>> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut texts = BTreeMap::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let own = path.strip_prefix(&src).unwrap().with_extension("");
            let own: Vec<&str> = own.iter().map(|part| part.to_str().unwrap()).filter(|part| *part != "mod").collect();
            if own != ["lib"] {
                texts.insert(own.join("::"), std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let names = |text: &str| {
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        let after = code.split("crate::").skip(1).map(|rest| {
            let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == ':'));
            rest[..end.unwrap_or(rest.len())].trim_end_matches(':').to_owned()
        });
        after.collect::<Vec<String>>()
    };
    // A name leads to the file of the longest part of it that is one.
    let file = |mut name: String| loop {
        if texts.contains_key(&name) {
            return Some(name);
        }
        name = name.rsplit_once("::")?.0.to_owned();
    };
    let of = |(own, text): (&String, &String)| {
        let named = names(text).into_iter().filter_map(file).filter(|other| other != own);
        (own.clone(), named.collect())
    };
    texts.iter().map(of).collect()
}

fn room(file: &str) -> &str {
    file.split("::").next().unwrap_or_default()
}

/// Those that can be reached from themselves, which is what a circle is.
fn in_circles(arrows: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let reaches_itself = |start: &&String| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![*start]);
        while let Some(at) = open.pop() {
            for next in arrows.get(at).into_iter().flatten() {
                if next == *start {
                    return true;
                }
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        false
    };
    arrows.keys().filter(reaches_itself).cloned().collect()
}

#[test]
fn a_room_imports_those_below_it_alone_and_nothing_goes_in_a_circle() {
    let files = files();
    let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (own, others) in &files {
        let arrows = rooms.entry(room(own).to_owned()).or_default();
        arrows.extend(others.iter().map(|other| room(other).to_owned()).filter(|other| other != room(own)));
    }
    let arrows = |of: &BTreeMap<String, BTreeSet<String>>| of.values().map(BTreeSet::len).sum::<usize>();
    for (name, imports) in &rooms {
        println!("{name} -> {}", imports.iter().cloned().collect::<Vec<_>>().join(", "));
    }
    let (circles, file_circles) = (in_circles(&rooms), in_circles(&files));
    println!("{} rooms, {} arrows, in circles: {circles:?}", rooms.len(), arrows(&rooms));
    println!("{} files, {} arrows, in circles: {file_circles:?}", files.len(), arrows(&files));
    let allowed: BTreeMap<&str, &[&str]> = MAY_IMPORT.into_iter().collect();
    let mut broken = Vec::new();
    for (own, others) in &files {
        let Some(allowed) = allowed.get(room(own)) else {
            panic!("{} is a room that the rule does not know", room(own))
        };
        let bad = others.iter().filter(|other| room(other) != room(own) && !allowed.contains(&room(other)));
        broken.extend(bad.map(|other| format!("{own} imports {other}")));
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(circles.is_empty(), "{circles:?}");
    assert!(file_circles.is_empty(), "{file_circles:?}");
}

#[test]
fn a_circle_is_seen() {
    let arrow = |from: &str, to: &str| (from.to_owned(), BTreeSet::from([to.to_owned()]));
    let arrows = BTreeMap::from([arrow("a", "b"), arrow("b", "c"), arrow("c", "b")]);
    assert_eq!(in_circles(&arrows), ["b", "c"]);
}
