//! The batches of a stream of Arrow, message by message.
//!
//! Messages say how long they are. What is damaged says anything, so that no memory is taken for bytes before they are there.

use std::collections::VecDeque;
use std::io::{BufReader, Read};

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::{Message, root_as_message};
use arrow_schema::{ArrowError, Schema};

type Result<T> = std::result::Result<T, ArrowError>;

/// How every message begins.
const BEGIN: [u8; 4] = [0xff; 4];
/// Bytes for which memory is taken before they are read.
const AHEAD: u64 = 1 << 20;
/// No compression makes one byte of more.
const RATIO: u64 = 1 << 16;

/// A source of batches whose schema has been read.
pub(crate) struct ArrowMessages {
    source: BufReader<Box<dyn Read>>,
    decoder: StreamDecoder,
    schema: Schema,
    ready: VecDeque<RecordBatch>,
    at_end: bool,
}

impl ArrowMessages {
    pub(crate) fn new(source: Box<dyn Read>) -> Result<Self> {
        let source = BufReader::with_capacity(1 << 16, source);
        let (decoder, ready) = (StreamDecoder::new(), VecDeque::new());
        let mut messages = Self { source, decoder, schema: Schema::empty(), ready, at_end: false };
        let first = messages.message()?.ok_or_else(|| wrong("it has no schema"))?;
        let header = parsed(&first)?.header_as_schema().ok_or_else(|| wrong("it does not begin with a schema"))?;
        messages.schema = fb_to_schema(header);
        messages.decode(first)?;
        Ok(messages)
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Some(batch));
            }
            if self.at_end {
                return Ok(None);
            }
            match self.message()? {
                Some(message) => self.decode(message)?,
                None => {
                    self.at_end = true;
                    // A message without a body is decoded when another follows it.
                    self.push([BEGIN, [0; 4]].concat())?;
                }
            }
        }
    }

    /// The next message without its body; none at the end. That has a mark, without which the source is cut off.
    fn message(&mut self) -> Result<Option<Vec<u8>>> {
        if self.bytes(4)? != BEGIN {
            return Err(wrong("a message does not begin as those of Arrow do since its version 0.15"));
        }
        let length = u32::from_le_bytes(self.bytes(4)?.try_into().map_err(|_| cut_off())?);
        if length == 0 { Ok(None) } else { self.bytes(length.into()).map(Some) }
    }

    fn decode(&mut self, message: Vec<u8>) -> Result<()> {
        let header = parsed(&message)?;
        let length = u64::try_from(header.bodyLength()).map_err(|_| wrong("the length of a message is negative"))?;
        let body = self.bytes(length)?;
        check_packed(&header, &body)?;
        let length = u32::try_from(message.len()).map_err(|_| wrong("a message is too long"))?;
        self.push([&BEGIN[..], &length.to_le_bytes(), &message].concat())?;
        self.push(body)
    }

    fn push(&mut self, bytes: Vec<u8>) -> Result<()> {
        let mut bytes = Buffer::from_vec(bytes);
        while !bytes.is_empty() {
            self.ready.extend(self.decoder.decode(&mut bytes)?);
        }
        Ok(())
    }

    fn bytes(&mut self, count: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(usize::try_from(count.min(AHEAD)).unwrap_or_default());
        let read = self.source.by_ref().take(count).read_to_end(&mut bytes)?;
        if read as u64 == count { Ok(bytes) } else { Err(cut_off()) }
    }
}

pub(crate) fn parsed(message: &[u8]) -> Result<Message<'_>> {
    root_as_message(message).map_err(|error| ArrowError::IpcError(format!("a message is damaged: {error}")))
}

/// Refuses a body whose packed parts would be more than they can be.
pub(crate) fn check_packed(header: &Message<'_>, body: &[u8]) -> Result<()> {
    let of_dictionary = || header.header_as_dictionary_batch().and_then(|dictionary| dictionary.data());
    let Some(batch) = header.header_as_record_batch().or_else(of_dictionary) else { return Ok(()) };
    if batch.compression().is_none() {
        return Ok(());
    }
    for buffer in batch.buffers().iter().flatten() {
        let place = usize::try_from(buffer.offset()).ok().zip(usize::try_from(buffer.length()).ok());
        let part = place.and_then(|(offset, length)| body.get(offset..)?.get(..length));
        let part = part.ok_or_else(|| wrong("a buffer lies beyond its message"))?;
        let length = part.first_chunk().map(|length| i64::from_le_bytes(*length));
        // Negative ones mean something, or are refused.
        let length = length.and_then(|length| u64::try_from(length).ok()).unwrap_or(0);
        if length > RATIO.saturating_mul(part.len() as u64) {
            return Err(wrong("a packed buffer says that it is longer than it can be"));
        }
    }
    Ok(())
}

fn cut_off() -> ArrowError {
    wrong("it is cut off: it lacks the mark of its end")
}

pub(crate) fn wrong(what: &str) -> ArrowError {
    ArrowError::IpcError(what.to_owned())
}
