//! Files that are no CSV with a header are named for what they are; names that two columns have are got past by numbers.

use crate::support::{Folder, path_of};

#[test]
fn another_kind_of_file_is_named_with_what_to_do() {
    path_of(b"PK\x03\x04\x14\x00", "").fails(2, &["ZIP", ".xlsx"]);
    path_of(b"PAR1\x15\x04\x15", "").fails(2, &["Parquet"]);
    let utf_16: Vec<u8> = "\u{feff}a,b,y\n1,2,3\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    path_of(&utf_16, "").fails(2, &["UTF-16", "iconv"]);
    path_of(&utf_16[2..], "").fails(2, &["UTF-16", "iconv"]);
    path_of([0; 64], "").fails(2, &["binary"]);
}

#[test]
fn a_file_without_a_header_is_refused() {
    let folder = Folder::new();
    folder.file("data.csv", "7.3,0.27,3\n10.7,0.2,7\n6.5,0.19,4\n");
    folder.run("path data.csv --target 3").fails(2, &["line 1", "numbers alone", "columns' names"]);
    folder.file("data.csv", "\"1\",\"2\",\"3\"\n10.7,0.2,7\n6.5,0.19,4\n6,7,1\n");
    folder.run("path data.csv --target 3").succeeds();
}

#[test]
fn a_name_of_two_columns_is_got_past_by_their_numbers() {
    let input = "1100,1100,b,y\n7,1,2,3\n10,4,1,7\n6,2,2,4\n5,5,3,3\n";
    path_of(input, "").fails(2, &["columns 1 and 2", "\"1100\""]);
    let features = |arguments: &str| path_of(input, arguments).succeeds().json();
    let one = features("--exclude #1 --lambdas 1 --format json");
    let other = features("--exclude #2 --lambdas 1 --format json");
    assert_eq!(one["features"], serde_json::json!(["1100", "b"]));
    assert_ne!(one["path"], other["path"]);
    path_of(input, "--features 1100,b").fails(2, &["#1 or #2"]);
}

#[test]
fn a_missing_value_is_told_with_what_to_do() {
    path_of("x,z,y\n1,2,NA\n2,3,5\n", "").fails(2, &["line 2", "column \"y\"", "\"NA\"", "leave out its row"]);
    path_of("x,z,y\n1,NA,1\n2,3,5\n", "").fails(2, &["line 2", "column \"z\"", "\"NA\"", "--exclude"]);
}
