//! Files that are compressed with gzip or zstd, unpacked while they are read. Which it is stands in their first bytes.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

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
    pub(crate) fn unpacked(self, source: impl Read + 'static) -> Box<dyn Read> {
        let source = BufReader::with_capacity(1 << 16, source);
        match self {
            Self::Gzip => Box::new(Gzip(MultiGzDecoder::new(source))),
            Self::Zstd => Box::new(Zstd { source, at_end: false, decoder: FrameDecoder::new(), within: false }),
        }
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

/// Frames, of which the decoder knows one at a time.
struct Zstd<R> {
    source: R,
    /// The source has been asked for more than it had.
    at_end: bool,
    decoder: FrameDecoder,
    within: bool,
}

/// The source as the decoder sees it.
struct Watched<'a, R> {
    source: &'a mut R,
    at_end: &'a mut bool,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        *self.at_end |= count == 0 && !buffer.is_empty();
        Ok(count)
    }
}

impl<R: BufRead> Zstd<R> {
    /// Runs the decoder on the source. Its errors do not tell whether the source ended too early.
    fn decoded<T>(
        &mut self,
        step: impl FnOnce(&mut FrameDecoder, Watched<'_, R>) -> Result<T, FrameDecoderError>,
    ) -> io::Result<Result<T, FrameDecoderError>> {
        let watched = Watched { source: &mut self.source, at_end: &mut self.at_end };
        match step(&mut self.decoder, watched) {
            Err(_) if self.at_end => Err(Compression::Zstd.truncated()),
            done => Ok(done),
        }
    }

    /// Goes to the next frame that holds anything; false at the end.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoded(|decoder, mut source| decoder.reset(&mut source))? {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let length = u64::from(length);
                    if io::copy(&mut self.source.by_ref().take(length), &mut io::sink())? < length {
                        return Err(Compression::Zstd.truncated());
                    }
                }
                Err(FrameDecoderError::WindowSizeTooBig { requested, max }) => {
                    return Err(io::Error::other(format!(
                        "its zstd data ask for {} MiB of memory, wanted {} at most: pack it again without --long",
                        requested >> 20,
                        max >> 20
                    )));
                }
                Err(error) => return Err(Compression::Zstd.corrupt(&error)),
            }
        }
        Ok(false)
    }

    fn check_sum(&self) -> io::Result<()> {
        match (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum()) {
            (Some(wanted), Some(found)) if wanted != found => {
                Err(Compression::Zstd.corrupt(&"they do not have their checksum"))
            }
            _ => Ok(()),
        }
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.within {
                self.within = self.next_frame()?;
                if !self.within {
                    return Ok(0);
                }
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoded(|decoder, mut source| decoder.decode_blocks(&mut source, one))?
                    .map_err(|error| Compression::Zstd.corrupt(&error))?;
            }
            let count = self.decoder.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            self.check_sum()?;
            self.within = false;
        }
    }
}
