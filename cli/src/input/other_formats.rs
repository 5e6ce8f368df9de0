//! Files that are no CSV with a header: what they are, by their first bytes, and what to do with them.

/// As many bytes of a file are looked at.
pub(crate) const LOOK: usize = 4096;

/// Formats by how they begin: what they are, and how CSV comes of them.
const FORMATS: [(&[u8], &str, &str); 10] = [
    (b"BZh", "is compressed with bzip2", "unpack it, as with bunzip2 -c FILE | ridgepath … -"),
    (&[0xfd, b'7', b'z', b'X', b'Z'], "is compressed with xz", "unpack it, as with xz -dc FILE | ridgepath … -"),
    (&[0x1f, 0x9d], "is compressed with compress", "unpack it, as with gunzip -c FILE | ridgepath … -"),
    (&[0x04, 0x22, 0x4d, 0x18], "is compressed with lz4", "unpack it, as with lz4 -dc FILE | ridgepath … -"),
    (&[b'7', b'z', 0xbc, 0xaf], "is a 7z archive", "unpack it"),
    (b"PK\x03\x04", "is a ZIP archive, as .xlsx and .ods files are", "unpack it, or save the table as CSV"),
    (b"\x93NUMPY", "is a NumPy array", "convert it to CSV or Parquet"),
    (b"\x89HDF", "is an HDF5 file", "convert it to CSV or Parquet"),
    (&[0xff, 0xfe], UTF_16, RECODE),
    (&[0xfe, 0xff], UTF_16, RECODE),
];
const UTF_16: &str = "is text in UTF-16";
const RECODE: &str = "save it as UTF-8, or recode it, as with iconv -f UTF-16 -t UTF-8 FILE | ridgepath … -";

/// Containers of tables that are read, beside text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    Parquet,
    ArrowFile,
    ArrowStream,
}

impl Container {
    /// That of a file which begins so, if it is one.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        // Those of Parquet such as they are mostly, and those whose end is encrypted.
        [
            (&b"PAR1"[..], Self::Parquet),
            (b"PARE", Self::Parquet),
            (b"ARROW1", Self::ArrowFile),
            (&[0xff; 4], Self::ArrowStream),
        ]
        .into_iter()
        .find_map(|(magic, container)| head.starts_with(magic).then_some(container))
    }
}

/// What a file that begins so is, and what to do; none where it may be read.
pub(crate) fn foreign(head: &[u8]) -> Option<(&'static str, &'static str)> {
    if Container::of(head).is_some() {
        return None;
    }
    if let Some((_, what, remedy)) = FORMATS.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Some((*what, *remedy));
    }
    let zeros = |first: usize| head.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let half = head.len() / 2;
    match (zeros(0), zeros(1)) {
        (0, 0) => None,
        // Every other byte of Latin letters is 0.
        (even, odd) if even.abs_diff(odd) > half / 2 => Some((UTF_16, RECODE)),
        _ => Some(("is binary", "convert it to CSV or Parquet")),
    }
}

/// Whether a header is a row of numbers rather than of names. Quoted numbers are names.
pub(crate) fn is_data(line: &[u8], header: &[String]) -> bool {
    let number = |name: &String| name.replace(',', ".").parse::<f64>().is_ok_and(f64::is_finite);
    !line.contains(&b'"') && header.iter().all(number)
}

/// What parts the names of a header, where it is not the delimiter: there are as many of it as delimiters, and one more. With it the
/// value of `--delimiter`.
pub(crate) fn separator(header: &[String]) -> Option<(&'static str, &'static str)> {
    let count = |of: char| header.iter().map(|name| name.matches(of).count()).sum::<usize>();
    let others = [(';', ("semicolons", "';'")), ('\t', ("tabs", "tab")), ('|', ("vertical bars", "'|'"))];
    let other = others.iter().find(|(sign, _)| count(*sign) >= header.len()).map(|(_, names)| *names);
    let of_one = [(',', ("commas", ",")), (' ', ("spaces", "' '"))];
    let alone = || of_one.iter().find(|(sign, _)| header.len() == 1 && count(*sign) > 0).map(|(_, names)| *names);
    other.or_else(alone)
}
