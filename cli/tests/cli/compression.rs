//! Compressed files are read as what is packed in them, whatever they are called.

use std::io::Write;

use flate2::write::GzEncoder;

use crate::support::{Folder, Run, SMALL, path_of, program};

/// [`SMALL`] by `zstd --check -19`.
const SMALL_BY_ZSTD: [u8; 47] = [
    0x28, 0xb5, 0x2f, 0xfd, 0x24, 0x26, 0x15, 0x01, 0x00, 0x62, 0x82, 0x07, 0x0c, 0xd0, 0x3d, 0x00, 0x0c, 0x2c, 0x96,
    0x92, 0xa5, 0x6e, 0xa2, 0xb1, 0x50, 0xc6, 0xdb, 0xcb, 0x05, 0x77, 0x3a, 0xd9, 0x5e, 0x1f, 0xd3, 0xe3, 0xe2, 0xb9,
    0x3c, 0xbc, 0xd7, 0x67, 0x00, 0x2d, 0x8f, 0xcb, 0xa4,
];

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &str) -> Vec<u8> {
    zstd::encode_all(text.as_bytes(), 1).unwrap()
}

fn plain() -> String {
    path_of(SMALL, "--format json").succeeds().out
}

#[test]
fn what_is_packed_is_read_from_files_and_from_standard_input() {
    let wanted = plain();
    for packed in [gzip(SMALL), zstd(SMALL), SMALL_BY_ZSTD.to_vec()] {
        assert_eq!(path_of(&packed, "--format json").succeeds().out, wanted);
        let mut command = program();
        let run = Run::with_input(command.args(["path", "-", "--target", "y", "--format", "json"]), packed);
        assert_eq!(run.succeeds().out, wanted);
    }
}

#[test]
fn members_and_frames_follow_one_another() {
    let (first, second) = SMALL.split_at(11);
    let skipped = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
    let wanted = plain();
    for packed in [
        [gzip(first), gzip(""), gzip(second)].concat(),
        [zstd(first), zstd(""), zstd(second)].concat(),
        [skipped.clone(), zstd(first), skipped.clone(), zstd(second), skipped].concat(),
    ] {
        assert_eq!(path_of(packed, "--format json").succeeds().out, wanted);
    }
}

#[test]
fn lines_are_those_of_what_is_packed() {
    let mut text = String::from("a,b,y\r\n");
    text.extend((0..60_000).map(|row| format!("{row},{},{}\r\n", row % 7, row % 5)));
    text.push_str("1,oops,3\r\n");
    for packed in [gzip(&text), zstd(&text)] {
        path_of(packed, "").fails(2, &["data.csv, line 60002", "column \"b\"", "\"oops\""]);
    }
}

#[test]
fn a_truncated_file_is_named() {
    for (name, packed) in [("gzip", gzip(SMALL)), ("zstd", SMALL_BY_ZSTD.to_vec()), ("zstd", zstd(SMALL))] {
        for length in (4..packed.len()).step_by(3).chain([packed.len() - 1]) {
            path_of(&packed[..length], "").fails(2, &["cannot read data.csv", name, "truncated"]);
        }
        let cut = [&packed[..], &packed[..packed.len() - 2]].concat();
        path_of(cut, "").fails(2, &["cannot read data.csv", name, "truncated"]);
    }
    path_of([0x1f, 0x8b, 8, 0, 0, 0], "").fails(2, &["data.csv", "gzip", "truncated"]);
    path_of([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1], "").fails(2, &["data.csv", "zstd", "truncated"]);
}

#[test]
fn a_changed_byte_is_refused_or_changes_nothing() {
    let wanted = plain();
    for packed in [gzip(SMALL), SMALL_BY_ZSTD.to_vec()] {
        let mut refused = 0;
        for at in 0..packed.len() {
            let mut changed = packed.clone();
            changed[at] ^= 0x10;
            let run = path_of(changed, "--format json");
            match run.code {
                Some(0) => assert_eq!(run.out, wanted, "byte {at}"),
                _ => {
                    refused += 1;
                    run.fails(2, &["data.csv"]);
                }
            }
        }
        assert!(refused > packed.len() / 2, "{refused} of {}", packed.len());
    }
    let mut sum = gzip(SMALL);
    let at = sum.len() - 8;
    sum[at] ^= 1;
    path_of(sum, "").fails(2, &["cannot read data.csv", "gzip data are corrupt"]);
    let mut sum = SMALL_BY_ZSTD;
    sum[46] ^= 1;
    path_of(sum, "").fails(2, &["cannot read data.csv", "zstd data are corrupt", "checksum"]);
    path_of([gzip(SMALL), b"rest".to_vec()].concat(), "").fails(2, &["data.csv", "gzip"]);
    path_of([zstd(SMALL), b"rest".to_vec()].concat(), "").fails(2, &["data.csv", "zstd data are corrupt"]);
}

#[test]
fn what_is_packed_may_be_wrong_too() {
    path_of(gzip(""), "").fails(2, &["data.csv", "empty"]);
    path_of(gzip("PK\u{3}\u{4}"), "").fails(2, &["data.csv", "ZIP"]);
    let mut twice = GzEncoder::new(Vec::new(), flate2::Compression::default());
    twice.write_all(&gzip(SMALL)).unwrap();
    path_of(twice.finish().unwrap(), "").fails(2, &["data.csv", "gzip twice"]);
}

#[test]
fn other_compressions_are_named_with_what_to_do() {
    path_of(b"BZh91AY&SY", "").fails(2, &["bzip2", "bunzip2"]);
    path_of(b"\xfd7zXZ\x00", "").fails(2, &["xz", "xz -dc"]);
    path_of(b"\x04\x22\x4d\x18\x64", "").fails(2, &["lz4"]);
    path_of(b"7z\xbc\xaf\x27\x1c", "").fails(2, &["7z"]);
}

#[test]
fn every_command_reads_them() {
    let folder = Folder::new();
    folder.file("data.csv", gzip(SMALL));
    folder.run("cv data.csv --target y --folds 2 --save model.json").succeeds();
    folder.run("predict model.json data.csv").succeeds();
    folder.run("validate data.csv --target y --backend cpu").succeeds();
    folder.run("plan data.csv --target y").succeeds();
    folder.run("bench data.csv --target y --backend cpu --repeat 1").succeeds();
}
