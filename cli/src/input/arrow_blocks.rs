//! The batches of an Arrow file, where its footer says that they are.
//!
//! What a file has before its first batch is like the beginning of a stream, but not all writers put the schema there; all have it in the
//! footer.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::{Block, root_as_footer};
use arrow_schema::{ArrowError, Schema};

use crate::input::arrow_messages::{check_packed, parsed, wrong};
use crate::input::shared_file::SharedFile;

type Result<T> = std::result::Result<T, ArrowError>;

/// The length of the footer, and the mark of its end.
const END: u64 = 10;

/// An Arrow file whose footer and dictionaries have been read.
pub(crate) struct ArrowBlocks {
    file: SharedFile,
    decoder: FileDecoder,
    schema: Arc<Schema>,
    left: VecDeque<Block>,
}

impl ArrowBlocks {
    pub(crate) fn new(file: File) -> Result<Self> {
        let file = SharedFile::new(file)?;
        let cut_off = || wrong("it is cut off: it lacks its end");
        let end = file.bytes().checked_sub(END).ok_or_else(cut_off)?;
        let last: Vec<u8> = file.read(end, END)?;
        let length = read_footer_length(last.try_into().map_err(|_| cut_off())?).map_err(|_| cut_off())? as u64;
        let footer = file.read(end.checked_sub(length).ok_or_else(cut_off)?, length)?;
        let footer = root_as_footer(&footer).map_err(|error| wrong(&format!("its footer is damaged: {error}")))?;
        let schema = Arc::new(fb_to_schema(footer.schema().ok_or_else(|| wrong("it has no schema"))?));
        let mut decoder = FileDecoder::new(Arc::clone(&schema), footer.version());
        for block in footer.dictionaries().iter().flatten() {
            decoder.read_dictionary(block, &bytes_of(&file, block)?)?;
        }
        let left = footer.recordBatches().iter().flatten().copied().collect();
        Ok(Self { file, decoder, schema, left })
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>> {
        let Some(block) = self.left.pop_front() else { return Ok(None) };
        let batch = self.decoder.read_record_batch(&block, &bytes_of(&self.file, &block)?)?;
        batch.map(Some).ok_or_else(|| wrong("a message that should have rows has none"))
    }
}

/// A message with its body.
fn bytes_of(file: &SharedFile, block: &Block) -> Result<Buffer> {
    let beyond = || wrong("its footer tells of a message that is not there");
    let number = |value: i64| u64::try_from(value).map_err(|_| beyond());
    let (start, head) = (number(block.offset())?, number(block.metaDataLength().into())?);
    let length = head.checked_add(number(block.bodyLength())?).ok_or_else(beyond)?;
    let bytes = file.read(start, length).map_err(|_| beyond())?;
    let (head, body) = bytes.split_at(usize::try_from(head).map_err(|_| beyond())?);
    // The mark of a message is not there before version 0.15, and its length comes after.
    let mark = if head.starts_with(&[0xff; 4]) { 8 } else { 4 };
    check_packed(&parsed(head.get(mark..).ok_or_else(beyond)?)?, body)?;
    Ok(Buffer::from_vec(bytes))
}
