//! Files of other kinds, each named for what it is with the way to make CSV of it.

use std::io::{Cursor, Read};

use crate::message::{Failure, Result};

/// Enough to know every kind by.
const LONGEST: usize = 16;

/// How files of a kind begin, what they are, and what to do.
const KINDS: [(&[u8], &str, &str); 14] = [
    (&[0x1f, 0x8b], "compressed by gzip", "decompress it: gunzip -c FILE | ridgepath … -"),
    (b"PK\x03\x04", "a zip archive, as Excel's files are", "unpack it, or save it as CSV in the spreadsheet"),
    (b"PAR1", "a Parquet file", "export it as CSV"),
    (b"ARROW1", "an Arrow file", "export it as CSV"),
    (b"\xff\xfe", "text in UTF-16", "convert it: iconv -f UTF-16 -t UTF-8 FILE | ridgepath … -"),
    (b"\xfe\xff", "text in UTF-16", "convert it: iconv -f UTF-16 -t UTF-8 FILE | ridgepath … -"),
    (b"\xfd7zXZ\0", "compressed by xz", "decompress it: xz -dc FILE | ridgepath … -"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "decompress it: zstd -dc FILE | ridgepath … -"),
    (b"BZh", "compressed by bzip2", "decompress it: bzip2 -dc FILE | ridgepath … -"),
    (b"\xd0\xcf\x11\xe0", "a file of an old Excel", "save it as CSV in the spreadsheet"),
    (b"\x89HDF", "an HDF5 file", "export it as CSV"),
    (b"\x93NUMPY", "a numpy array", "write it by numpy.savetxt, with a header and delimiter=\",\""),
    (b"SQLite format 3\0", "an SQLite database", "export a table: sqlite3 -header -csv FILE 'select …'"),
    (b"RDX", "an R data file", "write it by write.csv"),
];

/// The source from its first byte on, unless its first bytes are those of another kind of file.
pub(crate) fn refused(file: &str, mut source: Box<dyn Read>) -> Result<Box<dyn Read>> {
    let mut first = Vec::new();
    source
        .by_ref()
        .take(LONGEST as u64)
        .read_to_end(&mut first)
        .map_err(|error| Failure::reading(file, &error))?;
    let known = KINDS.iter().find(|(begin, ..)| first.starts_with(begin));
    let what = match known {
        Some((_, what, remedy)) => Some((*what, *remedy)),
        None if first.contains(&0) => Some(("not text, as it has bytes of 0", "a table in UTF-8")),
        None => None,
    };
    match what {
        Some((what, remedy)) => Err(Failure::Input(format!("{file} is {what}; wanted CSV: {remedy}"))),
        None => Ok(Box::new(Cursor::new(first).chain(source))),
    }
}

/// How the cells seem to be parted in a header that has no column of this name, if not by commas.
pub(crate) fn separator(header: &[String], name: &str) -> Option<&'static str> {
    if header.first().is_some_and(|first| first.to_lowercase().starts_with("sep=")) {
        return Some("its first line is Excel's note on the separator, not a header");
    }
    let within = |separator: char| {
        header.iter().flat_map(|own| own.split(separator)).any(|part| part.trim().trim_matches('"') == name)
            || (header.len() == 1 && header[0].contains(separator))
    };
    let known = [(';', "semicolons"), ('\t', "tabs"), ('|', "vertical bars"), (' ', "spaces")];
    let (_, separator) = known.into_iter().find(|(separator, _)| within(*separator))?;
    Some(match separator {
        "semicolons" => "its cells seem to be parted by semicolons, not commas",
        "tabs" => "its cells seem to be parted by tabs, not commas",
        "vertical bars" => "its cells seem to be parted by vertical bars, not commas",
        _ => "its cells seem to be parted by spaces, not commas",
    })
}

/// Whether every name is a number, as where a file has no header.
pub(crate) fn headless(header: &[String]) -> bool {
    header.iter().all(|name| name.parse::<f64>().is_ok())
}
