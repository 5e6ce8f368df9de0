//! Files that are compressed with gzip or zstd, unpacked while they are read. Which it is stands in their first bytes.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;

/// What the decoder of zstd says of a frame that asks for more memory than 128 MiB.
const TOO_LARGE: &str = "Frame requires too much memory for decoding";

/// A compression that is unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// That of a file which begins so, if it has one.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            // A frame, or one that readers skip.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// What is packed in the source: of all members or frames that follow one another.
    pub(crate) fn unpacked(self, source: impl Read + 'static) -> io::Result<Box<dyn Read>> {
        let source = BufReader::with_capacity(1 << 16, source);
        Ok(match self {
            Self::Gzip => Box::new(Gzip(MultiGzDecoder::new(source))),
            Self::Zstd => Box::new(Zstd(zstd::Decoder::with_buffer(source)?)),
        })
    }

    fn truncated(self) -> io::Error {
        let message = format!("its {} data end before they are whole: the file is truncated", self.name());
        io::Error::new(ErrorKind::UnexpectedEof, message)
    }

    fn corrupt(self, detail: &dyn std::fmt::Display) -> io::Error {
        io::Error::new(ErrorKind::InvalidData, format!("its {} data are corrupt: {detail}", self.name()))
    }
}

struct Gzip<R>(MultiGzDecoder<R>);

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => Compression::Gzip.truncated(),
            ErrorKind::InvalidData | ErrorKind::InvalidInput => Compression::Gzip.corrupt(&error),
            _ => error,
        })
    }
}

struct Zstd<R: BufRead>(zstd::Decoder<'static, R>);

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match (error.kind(), error.raw_os_error()) {
            (ErrorKind::UnexpectedEof, _) => Compression::Zstd.truncated(),
            (ErrorKind::Other, None) if error.to_string() == TOO_LARGE => io::Error::other(
                "its zstd data ask for more than 128 MiB of memory, wanted no more: pack it again without --long",
            ),
            // The decoder's words; what the system says has a number.
            (ErrorKind::Other, None) => Compression::Zstd.corrupt(&error),
            _ => error,
        })
    }
}
