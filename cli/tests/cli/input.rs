//! What can be wrong with a file: each error names the line and the column, what was found and what was wanted.

use crate::support::{Folder, Run, SMALL, path_of, program};

#[test]
fn a_missing_cell_is_named_by_line_and_column() {
    path_of("a,b,y\n1,2,3\n4,,6\n", "").fails(2, &["line 3", "column \"b\"", "found no value", "wanted a number"]);
}

#[test]
fn text_in_a_numbers_place_is_named_by_line_and_column() {
    path_of("a,b,y\n1,2,3\n4,5,six\n", "").fails(2, &["line 3", "column \"y\"", "found \"six\"", "wanted a number"]);
}

#[test]
fn a_number_that_is_not_finite_is_named_by_line_and_column() {
    for found in ["NaN", "inf", "-Infinity", "1e999"] {
        let input = format!("a,b,y\n1,2,3\n{found},5,6\n");
        path_of(input, "").fails(2, &["line 3", "column \"a\"", found, "wanted a finite number"]);
    }
}

#[test]
fn a_ragged_row_is_named_by_line_and_length() {
    path_of("a,b,y\n1,2,3\n4,5\n", "").fails(2, &["line 3", "found 2 cells, wanted 3", "column \"y\""]);
    path_of("a,b,y\n1,2,3,4\n", "").fails(2, &["line 2", "found 4 cells, wanted 3", "column 4"]);
}

#[test]
fn a_quote_that_is_never_closed_is_hinted_at() {
    path_of("a,b,y\n1,\"2,3\n4,5,6\n", "").fails(2, &["line 2", "found 2 cells, wanted 3", "is a quote missing?"]);
}

#[test]
fn the_line_is_that_of_the_file_after_quoted_newlines() {
    let input = "a,note,y\n1,\"two\nlines\",3\n2,\"three\n\nlines\",x\n";
    // The row begins on line 4; the cell is on line 6.
    path_of(input, "--exclude note").fails(2, &["line 6", "column \"y\"", "\"x\""]);
}

#[test]
fn the_line_is_that_of_the_file_after_crlf_and_blank_lines() {
    path_of("a,b,y\r\n1,2,3\r\n4,5,x\r\n", "").fails(2, &["line 3", "column \"y\""]);
    path_of("a,b,y\n\n1,2,3\n\n\n4,5,x\n", "").fails(2, &["line 6", "column \"y\""]);
    path_of("\r\n\r\na,b,y\r\n\r\n1,2,x\r\n", "").fails(2, &["line 5", "column \"y\""]);
}

#[test]
fn the_line_is_right_far_into_a_large_file() {
    let mut input = String::from("a,b,y\r\n");
    input.extend((0..60_000).map(|row| format!("{row},{},{}\r\n", row % 7, row % 5)));
    input.push_str("1,oops,3\r\n");
    path_of(input, "").fails(2, &["line 60002", "column \"b\"", "\"oops\""]);
}

#[test]
fn an_unknown_column_is_answered_with_near_names() {
    path_of(SMALL, "--weights Y2").fails(2, &["--weights", "\"Y2\"", "line 1", "did you mean \"y\""]);
    let folder = Folder::new();
    folder.file("data.csv", "height,width,price\n1,2,3\n");
    folder.run("path data.csv --target pirce").fails(2, &["--target", "\"pirce\"", "did you mean \"price\""]);
}

#[test]
fn an_unknown_column_like_no_other_is_answered_with_all_names() {
    path_of(SMALL, "--exclude zzz").fails(2, &["--exclude", "\"zzz\"", "there are \"a\", \"b\", \"y\""]);
}

#[test]
fn a_repeated_name_is_refused_where_it_is_used() {
    path_of("a,a,y\n1,2,3\n2,3,5\n", "").fails(2, &["line 1", "columns 1 and 2", "\"a\""]);
    path_of("x,x,a,y\nq,r,1,3\nq,r,2,5\n", "--features a").succeeds();
}

#[test]
fn a_column_without_a_name_is_refused_where_it_is_used() {
    path_of(",a,y\n0,1,3\n1,2,5\n", "").fails(2, &["line 1", "column 1 has no name", "--exclude"]);
    path_of(",a,y\n0,1,3\n1,2,5\n", "--exclude \"\"").succeeds();
}

#[test]
fn a_file_without_rows_is_refused() {
    path_of("a,b,y\n", "").fails(2, &["no rows", "line 1"]);
    path_of("", "").fails(2, &["empty", "header"]);
}

#[test]
fn a_file_that_is_not_there_is_an_input_error() {
    Folder::new().run("path nowhere.csv --target y").fails(2, &["cannot read nowhere.csv"]);
    Folder::new().run("path . --target y").fails(2, &["cannot read ."]);
}

#[test]
fn unused_columns_may_hold_anything() {
    let plain = path_of("a,y\n1,3\n2,4\n4,9\n", "--format json --lambdas 0.1").succeeds();
    let mut input = b"id,a,junk,y\nx,1,,3\ny,2,NaN,4\nz,4,\"".to_vec();
    input.extend([0xff, 0xfe]);
    input.extend(b"\",9\n");
    let other = path_of(input, "--exclude id,junk --format json --lambdas 0.1").succeeds();
    assert_eq!(plain.json()["path"], other.json()["path"]);
}

#[test]
fn quotes_spaces_crlf_and_a_byte_order_mark_change_nothing() {
    let wanted = path_of(SMALL, "--format json").succeeds().out;
    let dressed = SMALL.replace('\n', "\r\n").replace("5,7,9", " 5 ,\"7\",\t9").replace("a,", "\"a\",");
    assert_eq!(path_of(format!("\u{feff}{dressed}"), "--format json").succeeds().out, wanted);
    // The control: another number does change it.
    assert_ne!(path_of(SMALL.replace("8.5", "8.6"), "--format json").succeeds().out, wanted);
}

#[test]
fn names_with_commas_and_quotes_are_reached_with_csv_quoting() {
    let folder = Folder::new();
    let file = folder.file("data.csv", "\"a,1\",\"b \"\"2\"\"\",c,\"y,z\"\n1,2,3,4\n2,2,1,5\n4,0,1,6\n");
    let mut command = program();
    command.args(["path", file.to_str().unwrap(), "--target", "y,z", "--format", "json", "--lambdas", "1"]);
    let run = Run::of(command.args(["--features", "\"b \"\"2\"\"\",\"a,1\""])).succeeds().json();
    assert_eq!(run["features"], serde_json::json!(["b \"2\"", "a,1"]));
    assert_eq!(run["targets"], serde_json::json!(["y,z"]));
}

#[test]
fn a_negative_weight_is_named_by_line_and_column() {
    let input = "a,w,y\n1,1,3\n2,-0.5,4\n";
    path_of(input, "--weights w").fails(2, &["line 3", "column \"w\"", "found -0.5", "wanted a weight ≥ 0"]);
}

#[test]
fn weights_that_are_all_zero_are_refused() {
    path_of("a,w,y\n1,0,3\n2,0,4\n", "--weights w").fails(2, &["all 2 weights are 0"]);
}

#[test]
fn a_weight_of_two_is_a_row_twice() {
    let weighted = path_of("a,w,y\n1,2,3\n2,1,4\n4,1,9\n", "--weights w --alphas 0.5 --format json").succeeds().json();
    let twice = path_of("a,y\n1,3\n1,3\n2,4\n4,9\n", "--alphas 0.5 --format json").succeeds().json();
    assert_eq!(weighted["weight_sum"], 4.0);
    let (own, wanted) = (&weighted["path"][0]["coef"][0][0], &twice["path"][0]["coef"][0][0]);
    assert!((own.as_f64().unwrap() / wanted.as_f64().unwrap() - 1.0).abs() < 1e-14, "{own} against {wanted}");
}

#[test]
fn a_span_too_wide_is_told_with_the_columns_name() {
    path_of("a,b,y\n1,-1.7e308,3\n2,1.7e308,4\n", "").fails(2, &["column \"b\"", "-1.7e308"]);
}

#[test]
fn a_control_character_in_a_cell_stays_on_one_line() {
    path_of("a,y\n\"1\n\u{1b}[31m\",3\n", "").fails(2, &["line 2", "column \"a\""]);
}

#[test]
fn standard_input_is_read_for_a_dash() {
    let run = Run::with_input(program().args(["path", "-", "--target", "y", "--format", "json"]), SMALL).succeeds();
    assert_eq!(run.out, path_of(SMALL, "--format json").out);
    let run = Run::with_input(program().args(["path", "-", "--target", "y"]), "a,y\n1,2\n3,\n");
    run.fails(2, &["standard input, line 3", "column \"y\""]);
}
