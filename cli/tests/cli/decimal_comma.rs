//! Numbers with a decimal comma.

use crate::support::{Folder, SMALL, path_of};

/// [`SMALL`] as a spreadsheet in many countries writes it.
fn continental() -> String {
    SMALL.replace(',', ";").replace('.', ",")
}

#[test]
fn a_decimal_comma_is_a_decimal_point() {
    let wanted = path_of(SMALL, "--format json").succeeds().out;
    assert_eq!(path_of(continental(), "--format json --decimal-comma").succeeds().out, wanted);
    let tabs = continental().replace(';', "\t");
    assert_eq!(path_of(tabs, "--format json --decimal-comma").succeeds().out, wanted);
    // In all ways in which numbers are written.
    let input = continental().replace("8,5", "\" +85,00E-1 \"").replace("\n1;2;", "\n1,;,2e+1;");
    assert_eq!(path_of(input, "--format json --decimal-comma").succeeds().out, wanted);
}

#[test]
fn whole_numbers_keep_their_digits_beside_them() {
    let input = "a;y\n9007199254740993;1,5\n9007199254740995;2,5\n9007199254740997;3,5\n";
    let run = path_of(input, "--lambdas 0 --format json --decimal-comma").succeeds().json();
    assert_eq!(run["path"][0]["coef"][0][0], 0.5);
}

#[test]
fn a_point_is_refused_where_commas_are_decimal() {
    for found in ["1.5", "1.234,5", "1.234", "1.234.567,8"] {
        let input = continental().replace("8,5", found);
        path_of(input, "--decimal-comma")
            .fails(2, &["line 5", "column \"y\"", found, "without points", "--decimal-comma"]);
    }
    path_of(continental().replace("8,5", "1,2,3"), "--decimal-comma")
        .fails(2, &["line 5", "\"1,2,3\"", "wanted a number"]);
    path_of(continental().replace("8,5", "."), "--decimal-comma").fails(2, &["line 5", "\".\"", "leave out its row"]);
}

#[test]
fn a_comma_in_a_number_is_hinted_at_without_the_option() {
    path_of(continental(), "").fails(2, &["line 5", "column \"y\"", "\"8,5\"", "wanted a number", "--decimal-comma"]);
    path_of(SMALL.replace("8.5", "\"8,5\""), "").fails(2, &["line 5", "\"8,5\"", "--decimal-comma"]);
}

#[test]
fn commas_cannot_part_cells_and_be_decimal() {
    path_of(SMALL, "--decimal-comma").fails(2, &["data.csv", "--decimal-comma", "--delimiter"]);
    path_of(SMALL, "--decimal-comma --delimiter ,").fails(2, &["data.csv", "--decimal-comma", "--delimiter"]);
}

#[test]
fn a_row_of_numbers_is_no_header_with_commas_either() {
    path_of("1,5;2,5\n3,5;4,5\n", "--decimal-comma").fails(2, &["--delimiter"]);
    path_of("1,5;2,5\n3,5;4,5\n", "--decimal-comma --delimiter ;").fails(2, &["line 1", "numbers alone"]);
}

#[test]
fn every_command_takes_it() {
    let folder = Folder::new();
    folder.file("data.csv", continental());
    folder.run("cv data.csv --decimal-comma --target y --folds 2 --save model.json").succeeds();
    folder.run("predict model.json data.csv --decimal-comma").succeeds();
    folder.run("validate data.csv --decimal-comma --target y --backend cpu").succeeds();
    folder.run("plan data.csv --decimal-comma --target y").succeeds();
    folder.run("bench data.csv --decimal-comma --target y --backend cpu --repeat 1").succeeds();
}
