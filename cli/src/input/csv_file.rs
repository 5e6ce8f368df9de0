//! CSV files, of which several blocks are read side by side.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use crate::args::reading::{Delimiter, ReadingArgs};
use crate::input::csv_blocks::{self, CsvBlock, CsvBlocks};
use crate::input::csv_numbers::CsvNumbers;
use crate::input::csv_rows::CsvRows;
use crate::input::delimiter::Parting;
use crate::input::line_numbers;
use crate::input::number_block::{NumberBlock, NumberRules};
use crate::input::other_formats;
use crate::input::table_source::{Next, TableSource, Wanted};
use crate::input::text_file::TextFile;
use crate::machine::failure::{Failure, Result};

/// Blocks that are read ahead at the most, some for each thread.
const MOST_AHEAD: usize = 64;

/// A CSV file whose header has been read.
pub(crate) struct CsvFile {
    file: String,
    delimiter: u8,
    header: Vec<String>,
    header_line: u64,
    blocks: CsvBlocks,
    /// Why no more blocks can be read.
    failed: Option<io::Error>,
    ahead: VecDeque<Ahead>,
    /// How many lines end before the first of the blocks ahead.
    lines: u64,
    rows: CsvRows,
    rules: Option<Arc<NumberRules>>,
}

/// A block that is read ahead.
enum Ahead {
    /// On another thread.
    Numbers(Receiver<Read>),
    Rows(CsvBlock),
}

/// A block as it was, with its numbers where it has nothing else.
struct Read {
    text: Vec<u8>,
    lines: u64,
    numbers: Option<NumberBlock>,
}

impl CsvFile {
    /// Reads the header of a text.
    pub(crate) fn of(text: TextFile, args: &ReadingArgs) -> Result<Self> {
        Self::in_blocks(text, args, csv_blocks::BYTES)
    }

    /// Reads the header of a text that is cut into blocks of so many bytes, about.
    pub(crate) fn in_blocks(mut text: TextFile, args: &ReadingArgs, bytes: usize) -> Result<Self> {
        let parting = Parting::of(&mut text, args.delimiter)?;
        let (file, head) = (text.name.clone(), text.head.clone());
        if args.decimal_comma && parting.delimiter == Delimiter::COMMA {
            return Err(Failure::Input(format!(
                "{file}: --decimal-comma: commas part its cells, wanted another delimiter, as found in its header or given by --delimiter"
            )));
        }
        let delimiter = parting.delimiter.byte();
        let blocks = CsvBlocks::new(text.into_source(), delimiter, bytes);
        let nothing = CsvRows::of(&file, CsvBlock::Rows(Vec::new()), delimiter, 0);
        let (header, ahead) = (Vec::new(), VecDeque::new());
        let mut input = Self {
            file,
            delimiter,
            header,
            header_line: 1,
            blocks,
            failed: None,
            ahead,
            lines: 0,
            rows: nothing,
            rules: None,
        };
        if !input.read_header(usize::from(parting.separator_line))? {
            return Err(Failure::Input(format!("{} is empty; wanted a header with the columns' names", input.file)));
        }
        if other_formats::is_data(parting.header_line(&head), &input.header) {
            let (file, line) = (&input.file, input.header_line);
            return Err(Failure::Input(format!(
                "{file}, line {line}: found numbers alone, wanted the columns' names: put a line of names before it; names that \
                 are numbers need quotes, as in \"2024\",\"2025\""
            )));
        }
        Ok(input)
    }

    /// Reads the names of the columns, after so many rows before them; false where there are none.
    fn read_header(&mut self, mut before: usize) -> Result<bool> {
        while let Some(block) = self.next_block()? {
            let text = match &block {
                CsvBlock::Rows(text) => text.clone(),
                CsvBlock::Endless(_) => Vec::new(),
            };
            self.rows = CsvRows::of(&self.file, block, self.delimiter, self.lines);
            // Of a later block the parser has passed the end of the line before.
            let mark = u64::from(self.lines > 0);
            while self.rows.read()? {
                if before > 0 {
                    before -= 1;
                    continue;
                }
                self.take_header()?;
                let passed =
                    usize::try_from(self.rows.passed().saturating_sub(mark)).unwrap_or(usize::MAX).min(text.len());
                // A CR has ended the row, and what is left of its line end would be another line.
                let passed = passed + usize::from(text[..passed].ends_with(b"\r") && text[passed..].starts_with(b"\n"));
                if passed < text.len() {
                    self.lines += line_numbers::ends(&text[..passed]);
                    self.ahead.push_back(Ahead::Rows(CsvBlock::Rows(text[passed..].to_vec())));
                } else {
                    self.lines += line_numbers::ends(&text);
                }
                return Ok(true);
            }
            self.lines += line_numbers::ends(&text);
        }
        Ok(false)
    }

    /// Takes the row read for the names of the columns.
    fn take_header(&mut self) -> Result<()> {
        self.header_line = self.rows.line(0);
        for (column, name) in self.rows.row().iter().enumerate() {
            let name = str::from_utf8(name).map_err(|_| {
                let (line, found) = (self.rows.line(column), String::from_utf8_lossy(name));
                Failure::Input(format!(
                    "{}, line {line}: the name of column {} is {found:?}; wanted UTF-8",
                    self.file,
                    column + 1
                ))
            })?;
            // The parser takes a byte-order mark off only when it comes with the first bytes read.
            let name = if column == 0 { name.trim_start_matches('\u{feff}') } else { name };
            self.header.push(name.trim().to_owned());
        }
        Ok(())
    }

    fn next_block(&mut self) -> Result<Option<CsvBlock>> {
        self.blocks.next().map_err(|error| Failure::reading(&self.file, &error))
    }

    /// Reads blocks ahead, as many as there may be.
    fn read_ahead(&mut self) {
        let threads = rayon::current_num_threads();
        let most = if self.rules.is_some() { (2 * threads).min(MOST_AHEAD) } else { 1 };
        while self.ahead.len() < most && self.failed.is_none() {
            match self.blocks.next() {
                Ok(Some(block)) => {
                    let block = self.begun(block);
                    self.ahead.push_back(block);
                }
                Ok(None) => break,
                Err(error) => self.failed = Some(error),
            }
        }
    }

    /// Has a block read on another thread, where it may be all numbers.
    fn begun(&self, block: CsvBlock) -> Ahead {
        let (text, rules) = match (block, self.rules.clone()) {
            (CsvBlock::Rows(text), Some(rules)) => (text, rules),
            (block, _) => return Ahead::Rows(block),
        };
        let (send, receive) = sync_channel(1);
        let (delimiter, columns) = (self.delimiter, self.header.len());
        rayon::spawn(move || {
            let numbers = CsvNumbers::new(delimiter, columns, &rules).read(&text);
            let lines = line_numbers::ends(&text);
            // Nobody waits for it where a block before has failed.
            let _ = send.send(Read { text, lines, numbers });
        });
        Ahead::Numbers(receive)
    }

    fn ragged(&self) -> Failure {
        let row = self.rows.row();
        let (file, line, found, wanted) = (&self.file, self.rows.line(0), row.len(), self.header.len());
        let column = match self.header.get(found) {
            Some(missing) => format!("column {missing:?} is the first without one"),
            None => format!("column {} has no name", wanted + 1),
        };
        let spans = row.iter().map(line_numbers::ends).sum::<u64>();
        let hint = match spans {
            0 => String::new(),
            _ => format!("; a quoted cell runs on to line {}, is a quote missing?", line + spans),
        };
        let cells = if found == 1 { "cell" } else { "cells" };
        Failure::Input(format!(
            "{file}, line {line}: found {found} {cells}, wanted {wanted} as in the header ({column}){hint}"
        ))
    }
}

impl TableSource for CsvFile {
    fn name(&self) -> &str {
        &self.file
    }

    fn header(&self) -> &[String] {
        &self.header
    }

    fn header_place(&self) -> String {
        format!("{}, line {}", self.file, self.header_line)
    }

    fn lacks_rows(&self) -> String {
        format!("has no rows after the header ({})", self.header_place())
    }

    fn project(&mut self, wanted: Wanted) -> Result<()> {
        self.rules = wanted.numbers;
        let begun = std::mem::take(&mut self.ahead).into_iter();
        self.ahead = begun
            .map(|block| match block {
                Ahead::Rows(block) => self.begun(block),
                numbers => numbers,
            })
            .collect();
        Ok(())
    }

    fn advance(&mut self, fits: &dyn Fn(&NumberBlock) -> bool) -> Result<Next> {
        self.read_ahead();
        let (block, lines) = match self.ahead.pop_front() {
            Some(Ahead::Rows(block)) => {
                let lines = if let CsvBlock::Rows(text) = &block { line_numbers::ends(text) } else { 0 };
                (block, lines)
            }
            Some(Ahead::Numbers(receive)) => {
                let lost = |_| Failure::Other(format!("a thread that read {} has ended too early", self.file));
                let Read { text, lines, numbers } = receive.recv().map_err(lost)?;
                if let Some(numbers) = numbers.filter(fits) {
                    self.lines += lines;
                    return Ok(Next::Block(numbers));
                }
                (CsvBlock::Rows(text), lines)
            }
            None => {
                return match self.failed.take() {
                    Some(error) => Err(Failure::reading(&self.file, &error)),
                    None => Ok(Next::End),
                };
            }
        };
        self.rows = CsvRows::of(&self.file, block, self.delimiter, self.lines);
        self.lines += lines;
        Ok(Next::Rows)
    }

    fn next_row(&mut self) -> Result<bool> {
        match self.rows.read()? {
            true if self.rows.row().len() != self.header.len() => Err(self.ragged()),
            more => Ok(more),
        }
    }

    fn cell(&self, column: usize) -> &[u8] {
        &self.rows.row()[column]
    }

    fn place(&self, column: usize) -> String {
        let (file, line, name) = (&self.file, self.rows.line(column), &self.header[column]);
        format!("{file}, line {line}, column {name:?}")
    }
}
