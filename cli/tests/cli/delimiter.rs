//! What parts cells is found out by the header, or given.

use crate::support::{Folder, Run, SMALL, path_of, program};

/// [`SMALL`] with other delimiters.
fn parted(delimiter: &str) -> String {
    SMALL.replace(',', delimiter)
}

#[test]
fn commas_semicolons_and_tabs_are_found_out() {
    let wanted = path_of(SMALL, "--format json").succeeds().out;
    for delimiter in [";", "\t"] {
        assert_eq!(path_of(parted(delimiter), "--format json").succeeds().out, wanted);
        // Line ends before the header and a byte-order mark are not part of it.
        let dressed = format!("\u{feff}{}", parted(delimiter).replace('\n', "\r\n"));
        assert_eq!(path_of(dressed, "--format json").succeeds().out, wanted);
        assert_eq!(path_of(format!("\n\n{}", parted(delimiter)), "--format json").succeeds().out, wanted);
    }
}

#[test]
fn others_are_given() {
    let wanted = path_of(SMALL, "--format json").succeeds().out;
    for (delimiter, option) in
        [("|", "|"), (";", ";"), ("\t", "tab"), ("\t", "\\t"), (",", ","), ("_", "_"), ("\u{1f}", "\u{1f}")]
    {
        let out = path_of(parted(delimiter), &format!("--format json --delimiter {option}")).succeeds().out;
        assert_eq!(out, wanted, "{option}");
    }
    let folder = Folder::new();
    folder.file("data.csv", parted(" "));
    let mut command = program();
    command.current_dir(folder.path("")).args([
        "path",
        "data.csv",
        "--target",
        "y",
        "--format",
        "json",
        "--delimiter",
        " ",
    ]);
    assert_eq!(Run::of(&mut command).succeeds().out, wanted);
}

#[test]
fn quoted_delimiters_part_nothing() {
    let run = path_of("\"a,1\";\"b,\n2\";y\n1;2;3\n2;1;4\n3;5;7\n", "--lambdas 1 --format json").succeeds().json();
    assert_eq!(run["features"], serde_json::json!(["a,1", "b,\n2"]));
    let run = path_of("\"a;1\",b,y\n1,2,3\n2,1,4\n3,5,7\n", "--lambdas 1 --format json").succeeds().json();
    assert_eq!(run["features"], serde_json::json!(["a;1", "b"]));
}

#[test]
fn a_header_with_two_of_them_is_refused_until_one_is_given() {
    let input = "a, in m;b;y\n1;2;3\n2;1;4\n3;5;7\n";
    path_of(input, "").fails(2, &["data.csv", "1 commas", "2 semicolons", "--delimiter , or --delimiter ';'"]);
    let run = path_of(input, "--lambdas 1 --format json --delimiter ;").succeeds().json();
    assert_eq!(run["features"], serde_json::json!(["a, in m", "b"]));
    path_of(input, "--delimiter ,").fails(2, &["--target", "\"y\""]);
}

#[test]
fn a_long_header_is_read_to_its_end() {
    let names: Vec<String> = (0..2000).map(|number| format!("column {number}")).collect();
    let row = |first: usize| format!("{first};{}", "0;".repeat(1999));
    let input = format!("{};y\n{}3\n{}4\n", names.join(";"), row(1), row(2));
    path_of(&input, "--lambdas 1 --features #1").succeeds();
    let mixed = input.replace("column 1999", "column, 1999");
    path_of(mixed, "--lambdas 1 --features #1").fails(2, &["1 commas", "2000 semicolons"]);
}

#[test]
fn excels_separator_line_is_understood() {
    let wanted = path_of(SMALL, "--format json").succeeds().out;
    for (delimiter, line) in [(";", "sep=;\r\n"), ("\t", "\u{feff}SEP=\t\n"), (",", "sep=,\n"), ("|", "sep=|\n")] {
        let input = format!("{line}{}", parted(delimiter));
        assert_eq!(path_of(&input, "--format json").succeeds().out, wanted, "{line:?}");
        assert_eq!(
            path_of(&input, &format!("--format json --delimiter {}", delimiter.replace('\t', "tab"))).succeeds().out,
            wanted
        );
    }
    let input = format!("sep=;\n{}", parted(";").replace("8.5", "x"));
    path_of(input, "").fails(2, &["line 6", "column \"y\"", "\"x\""]);
    path_of(format!("sep=;\n{SMALL}"), "--delimiter ,").fails(2, &["line 1", "sep=", "--delimiter ,"]);
    path_of(format!("sep=\n{SMALL}"), "").fails(2, &["line 1", "sep="]);
    path_of(format!("sep=x\n{SMALL}"), "").fails(2, &["line 1", "sep=", "\"x\""]);
    path_of("sep=;\n1;2\n3;4\n", "").fails(2, &["line 2", "numbers alone"]);
}

#[test]
fn what_cannot_part_cells_is_refused() {
    for delimiter in ["", ",,", "x", "7", "\"", "'", ".", "+", "\n", "é", "tabs"] {
        let folder = Folder::new();
        folder.file("data.csv", SMALL);
        let mut command = program();
        let option = format!("--delimiter={delimiter}");
        command.current_dir(folder.path("")).args(["path", "data.csv", "--target", "y", &option]);
        Run::of(&mut command).misused(&["--delimiter", "one ASCII character"]);
    }
    Folder::new().run("plan --rows 5 --features 2 --delimiter ;").fails(2, &["--delimiter", "INPUT"]);
    Folder::new().run("bench --rows 5 --delimiter ;").fails(2, &["--delimiter", "INPUT"]);
    Folder::new().run("bench --delimiter ;").misused(&["--delimiter", "INPUT"]);
}

#[test]
fn a_missing_column_is_answered_with_the_delimiter_that_is_meant() {
    path_of(parted("|"), "").fails(2, &["vertical bars", "--delimiter '|'"]);
    path_of(parted(" "), "").fails(2, &["spaces", "--delimiter ' '"]);
    path_of(SMALL, "--delimiter ;").fails(2, &["commas", "--delimiter ,"]);
    path_of(parted(";"), "--delimiter ,").fails(2, &["semicolons", "--delimiter ';'"]);
}

#[test]
fn every_command_takes_it() {
    let folder = Folder::new();
    folder.file("data.csv", parted("|"));
    folder.run("cv data.csv --delimiter | --target y --folds 2 --save model.json").succeeds();
    folder.run("predict model.json data.csv --delimiter |").succeeds();
    folder.run("validate data.csv --delimiter | --target y --backend cpu").succeeds();
    folder.run("plan data.csv --delimiter | --target y").succeeds();
    folder.run("bench data.csv --delimiter | --target y --backend cpu --repeat 1").succeeds();
}
