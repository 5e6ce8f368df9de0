//! Columns of text as features: a column of 0 and 1 for each level.

use ridgepath::LinearModel;
use serde_json::{Value, json};

use crate::support::{Folder, Run, path_of};

/// Rows of a region, a size, and a target.
const SHOPS: &str =
    "region,size,kind,y\nwest,1,b,3\neast,2,a,4\nnorth,3,b,7.5\nwest,4,a,8\neast,5,b,9.5\nnorth,6,a,11\neast,2.5,b,6\n";

/// [`SHOPS`] with the columns of 0 and 1 written out.
fn by_hand(regions: &[&str], kinds: &[&str]) -> String {
    let (region_names, kind_names) =
        (regions.iter().map(|level| format!("region={level}")), kinds.iter().map(|level| format!("kind={level}")));
    let names: Vec<String> = region_names.chain(["size".into()]).chain(kind_names).chain(["y".into()]).collect();
    let mut text = names.join(",") + "\n";
    for line in SHOPS.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let dummies = |levels: &[&str], cell: &str| {
            levels.iter().map(|level| format!("{},", u8::from(*level == cell))).collect::<String>()
        };
        text += &format!("{}{},{}{}\n", dummies(regions, cells[0]), cells[1], dummies(kinds, cells[2]), cells[3]);
    }
    text
}

fn answer(input: &str, arguments: &str) -> Value {
    path_of(input, &format!("{arguments} --format json")).succeeds().json()
}

#[test]
fn each_level_but_the_first_is_a_feature_in_the_place_of_its_column() {
    let run = path_of(SHOPS, "--categorical kind,region --format json").succeeds();
    run.says(&["column \"region\" has 3 levels", "\"east\"", "left out", "column \"kind\" has 2 levels", "\"a\""]);
    let (found, wanted) = (run.json(), answer(&by_hand(&["north", "west"], &["b"]), ""));
    assert_eq!(found["features"], json!(["region=north", "region=west", "size", "kind=b"]));
    assert_eq!((&found["features"], &found["path"]), (&wanted["features"], &wanted["path"]));
    assert_eq!(
        found["categories"],
        json!([
            {"column": "region", "levels": ["east", "north", "west"], "left_out": "east"},
            {"column": "kind", "levels": ["a", "b"], "left_out": "a"},
        ])
    );
    assert_eq!(wanted.get("categories"), None);
}

#[test]
fn without_an_intercept_every_level_is_one() {
    let run = path_of(SHOPS, "--categorical region,kind --no-intercept --format json").succeeds();
    assert_eq!(run.err, "");
    let wanted = answer(&by_hand(&["east", "north", "west"], &["a", "b"]), "--no-intercept");
    assert_eq!((&run.json()["features"], &run.json()["path"]), (&wanted["features"], &wanted["path"]));
    assert_eq!(run.json()["categories"][0]["left_out"], Value::Null);
}

#[test]
fn levels_do_not_depend_on_the_order_of_rows_or_on_case_and_spaces_around() {
    let mut lines: Vec<&str> = SHOPS.lines().collect();
    lines[1..].reverse();
    let other = lines.join("\n").replace("west,", "\" west \",");
    let levels = |input: &str| answer(input, "--categorical region,kind --lambdas 1")["categories"].clone();
    assert_eq!(levels(SHOPS), levels(&other));
    let names = answer(&SHOPS.replacen("west", "West", 1), "--categorical region,kind --lambdas 1")["features"].clone();
    assert_eq!(names, json!(["region=east", "region=north", "region=west", "size", "kind=b"]), "W comes before e");
}

#[test]
fn penalties_go_by_a_level_or_by_the_column() {
    let factors = |arguments: &str| {
        answer(SHOPS, &format!("--categorical region,kind --lambdas 1 {arguments}"))["penalty_factors"].clone()
    };
    assert_eq!(factors("--unpenalised region"), json!([0.0, 0.0, 1.0, 1.0]));
    assert_eq!(factors("--unpenalised #1 --penalty-factor kind=2"), json!([0.0, 0.0, 1.0, 2.0]));
    assert_eq!(factors("--penalty-factor region=north=0.5"), json!([0.5, 1.0, 1.0, 1.0]));
    path_of(SHOPS, "--categorical region,kind --unpenalised region,region=west")
        .fails(2, &["\"region=west\"", "already"]);
    path_of(SHOPS, "--categorical region,kind --unpenalised region=east").fails(2, &["\"region=east\""]);
}

#[test]
fn a_column_has_one_part() {
    let refused = |arguments: &str, parts: &[&str]| path_of(SHOPS, arguments).fails(2, parts);
    refused("--categorical region,kind,y", &["\"y\"", "--target", "--categorical"]);
    refused("--categorical region --exclude region,kind", &["\"region\"", "--categorical", "--exclude"]);
    refused("--categorical region,kind --features size,kind", &["\"region\"", "--categorical", "--features"]);
    refused("--categorical region --by region --exclude kind", &["\"region\"", "--by", "--categorical"]);
    refused("--categorical region,region", &["--categorical", "twice"]);
    refused("--categorical areas", &["--categorical", "\"areas\""]);
    path_of(SHOPS, "--categorical region --by kind --lambdas 1").succeeds();
    path_of(SHOPS, "--categorical kind --features size,kind --lambdas 1").succeeds();
}

#[test]
fn columns_that_tell_nothing_or_everything_are_refused() {
    let constant = SHOPS.replace("west,", "east,").replace("north,", "east,");
    path_of(&constant, "--categorical region,kind").fails(2, &["\"region\"", "\"east\" alone", "--exclude"]);
    path_of(&constant, "--categorical region,kind --no-intercept --lambdas 1").succeeds();
    let ids = |count: usize| {
        let row = |i: usize| format!("id{i},{},{}\n", i % 7, i % 5);
        format!("id,a,y\n{}", (0..count).map(row).collect::<String>())
    };
    path_of(ids(1001), "--categorical id")
        .fails(2, &["line 1002", "\"id\"", "\"id1000\"", "1000", "identifier", "--exclude"]);
    path_of(ids(1000), "--categorical id --lambdas 1 --backend cpu").succeeds();
}

#[test]
fn missing_and_unreadable_levels_are_named_or_dropped() {
    let input = SHOPS.replacen("north", "", 1).replacen("north", "NA", 1);
    path_of(&input, "--categorical region,kind")
        .fails(2, &["line 4", "\"region\"", "found no value", "--drop-missing"]);
    let run = path_of(&input, "--categorical region,kind --drop-missing --lambdas 1 --format json").succeeds();
    run.says(&["2 of 7 rows dropped"]);
    assert_eq!(run.json()["features"], json!(["region=west", "size", "kind=b"]));
    // Of a heating, none is a level.
    let none = SHOPS.replace("north", "none");
    assert_eq!(answer(&none, "--categorical region,kind --lambdas 1")["features"][0], "region=none");
    path_of(none, "--categorical region,kind --null none").fails(2, &["\"none\"", "wanted a level"]);
    let mut bytes = SHOPS.as_bytes().to_vec();
    bytes[SHOPS.find("north").unwrap()] = 0xff;
    path_of(bytes, "--categorical region,kind").fails(2, &["line 4", "\"region\"", "UTF-8"]);
}

#[test]
fn a_name_that_two_features_would_have_is_refused() {
    for name in ["region=north", "region=east"] {
        path_of(SHOPS.replacen("size", name, 1), "--categorical region,kind").fails(2, &[name, "two features"]);
    }
}

#[test]
fn text_and_dates_are_named_with_what_to_do() {
    path_of(SHOPS, "").fails(2, &["line 2", "\"region\"", "\"west\"", "--categorical", "--exclude"]);
    for date in ["2024-01-31", "2024-01", "2024/01/31", "2024-01-31T12:00:00Z", "2024-01-31 12:00"] {
        let input = format!("day,y\n{date},1\n{date},2\n");
        path_of(&input, "").fails(2, &["line 2", "\"day\"", date, "date", "--categorical", "--exclude"]);
        let time = format!("day,a,y\n{date},1,1\n{date},1,2\n");
        path_of(time, "--time day --window 3 --step 3").fails(2, &["line 2", "\"day\"", "date"]);
    }
    // Not where it would be no use.
    for input in ["a,y\n1,2\n2,x\n", "a,y\n1 234.5,2\n", "a,y\n1e999,2\n", "a,y\ninf,2\n"] {
        let run = path_of(input, "");
        assert!(run.code == Some(2) && !run.err.contains("--categorical"), "{run:?}");
    }
}

/// A folder with a model of [`SHOPS`].
fn saved(arguments: &str) -> Folder {
    let folder = Folder::new();
    folder.file("data.csv", SHOPS);
    let fit = "cv data.csv --target y --categorical region,kind --folds 2 --lambdas 0.1 --save model.json --output cv.json --format json";
    folder.run(&format!("{fit} {arguments}")).succeeds();
    folder
}

fn predict(folder: &Folder, rows: &str) -> Run {
    folder.file("new.csv", rows);
    folder.run("predict model.json new.csv")
}

#[test]
fn a_saved_model_makes_the_same_columns() {
    for arguments in ["", "--no-intercept"] {
        let folder = saved(arguments);
        let model: Value = serde_json::from_str(&std::fs::read_to_string(folder.path("model.json")).unwrap()).unwrap();
        assert_eq!(model["categories"][0]["levels"], json!(["east", "north", "west"]));
        let out = predict(&folder, "kind,junk,size,region\na,x,2,north\nb,y,2,east\n").succeeds().out;
        // Levels that no row has keep their place.
        let plain = Folder::new();
        let (regions, kinds): (&[_], &[_]) = match arguments {
            "" => (&["north", "west"], &["b"]),
            _ => (&["east", "north", "west"], &["a", "b"]),
        };
        plain.file("data.csv", by_hand(regions, kinds));
        plain.run(&format!("cv data.csv --target y --folds 2 --lambdas 0.1 --save model.json {arguments}")).succeeds();
        let rows = match arguments {
            "" => "region=north,region=west,size,kind=b\n1,0,2,0\n0,0,2,1\n",
            _ => "region=north,region=west,region=east,size,kind=b,kind=a\n1,0,0,2,0,1\n0,0,1,2,1,0\n",
        };
        assert_eq!(out, predict(&plain, rows).succeeds().out, "{arguments}");
        // The document of cv has the model within.
        folder.file("new.csv", "kind,size,region\na,2,north\nb,2,east\n");
        assert_eq!(folder.run("predict cv.json new.csv").succeeds().out, out);
        // The library reads it, with the columns as its features.
        let library = LinearModel::load(folder.path("model.json")).unwrap();
        assert_eq!(library.feature_names().unwrap().len(), regions.len() + kinds.len() + 1);
        // What the library saves again has the levels still.
        library.save(folder.path("again.json")).unwrap();
        assert_eq!(folder.run("predict again.json new.csv").succeeds().out, out);
    }
}

#[test]
fn levels_that_the_model_does_not_know_are_refused() {
    let folder = saved("");
    let rows = "region,size,kind\nnorth,1,a\nsouth,2,b\n";
    let known = ["line 3", "\"region\"", "\"south\"", "\"east\", \"north\", \"west\""];
    predict(&folder, rows).fails(2, &known);
    predict(&folder, "region,size,kind\n,1,a\n")
        .fails(2, &["line 2", "\"region\"", "found no value", "--drop-missing"]);
    predict(&folder, "region=north,region=west,size,kind=b\n1,0,2,0\n").fails(2, &["\"region\"", "the model"]);
    folder.file("new.csv", "region,size,kind\nnorth,1,a\n,1,a\n");
    let out = folder.run("predict model.json new.csv --drop-missing").succeeds().out;
    assert_eq!(out.lines().last(), Some("\"\""));
}

#[test]
fn models_of_before_are_read_and_spoilt_ones_refused() {
    let folder = saved("");
    // As an earlier version wrote them.
    folder.file(
        "old.json",
        r#"{"schema": "ridgepath/model/1", "features": ["a", "b"], "targets": ["y"],
            "path": [{"lambda": 0.5, "coef": [[1.5, -2.0]], "intercept": [0.25]}]}"#,
    );
    folder.file("new.csv", "a,b\n2,1\n");
    assert_eq!(folder.run("predict old.json new.csv").succeeds().out, "y\n1.25\n");
    let text = std::fs::read_to_string(folder.path("model.json")).unwrap();
    for (from, to, part) in [
        ("\"left_out\": \"east\"", "\"left_out\": \"south\"", "levels of column \"region\""),
        ("\"levels\": [\"east\",\"north\",\"west\"]", "\"levels\": []", "levels of column \"region\""),
        (
            "\"levels\": [\"east\",\"north\",\"west\"]",
            "\"levels\": [\"west\",\"north\",\"east\"]",
            "levels of column \"region\"",
        ),
        (
            "\"levels\": [\"east\",\"north\",\"west\"]",
            "\"levels\": [\"east\",\"north\",\"south\",\"west\"]",
            "\"region\"",
        ),
        ("\"column\": \"region\"", "\"column\": \"area\"", "\"area\""),
        ("\"column\": \"region\"", "\"column\": 3", "model"),
    ] {
        assert!(text.contains(from), "{text}");
        folder.file("model.json", text.replacen(from, to, 1));
        predict(&folder, "region,size,kind\nnorth,1,a\n").fails(2, &["model.json", part]);
    }
}

#[test]
fn levels_are_those_of_all_files_and_every_command_takes_them() {
    let folder = Folder::new();
    let (first, second) = SHOPS.split_at(SHOPS.find("north,3").unwrap());
    folder.file("data1.csv", first);
    folder.file("data2.csv", format!("region,size,kind,y\n{second}"));
    let found = folder.run("path data*.csv --target y --categorical region,kind --format json").succeeds().json();
    assert_eq!(found["path"], answer(SHOPS, "--categorical region,kind")["path"]);
    for command in
        ["validate --backend cpu", "plan", "bench --backend cpu --repeat 1", "path --bootstrap 3", "cv --loo"]
    {
        folder.run(&format!("{command} data*.csv --target y --categorical region,kind")).succeeds();
    }
    folder.run("plan --rows 5 --features 3 --categorical region").misused(&["--categorical"]);
}
