//! Predictions as records: a column for each target, and a record for each row that was read.

use std::io::{self, Write};

use ridgepath::nalgebra::DMatrix;

use crate::format::records::encoder::{Encoder, Encoding};
use crate::format::records::record::{Cell, Column};
use crate::machine::failure::{Failure, Result};
use crate::machine::output::{Flow, Sink};

/// Where predictions go as they come. Nothing is opened before the first of them.
pub(crate) struct Predictions<'a> {
    targets: &'a [String],
    encoding: Encoding,
    to: To,
}

enum To {
    Sink(Option<Sink>),
    Open { name: String, encoder: Encoder<io::BufWriter<Flow>> },
}

impl<'a> Predictions<'a> {
    pub(crate) fn new(targets: &'a [String], encoding: Encoding, sink: Sink) -> Self {
        Self { targets, encoding, to: To::Sink(Some(sink)) }
    }

    /// Takes the predictions of the rows that were kept, in a place of each for all that were read.
    pub(crate) fn take(&mut self, predicted: &DMatrix<f64>, kept: &[bool]) -> Result<()> {
        let (name, encoder) = self.opened()?;
        write(encoder, predicted, kept).map_err(|error| Failure::writing(name, &error))
    }

    fn opened(&mut self) -> Result<(&str, &mut Encoder<io::BufWriter<Flow>>)> {
        if let To::Sink(sink) = &mut self.to
            && let Some(sink) = sink.take()
        {
            let flow = sink.open()?;
            let name = flow.name().to_owned();
            let columns: Vec<Column> = self.targets.iter().map(Column::number).collect();
            let encoder = Encoder::new(self.encoding, &columns, io::BufWriter::with_capacity(1 << 16, flow));
            let encoder = encoder.map_err(|error| Failure::writing(&name, &error))?;
            self.to = To::Open { name, encoder };
        }
        match &mut self.to {
            To::Open { name, encoder } => Ok((name, encoder)),
            To::Sink(_) => Err(Failure::Other("the predictions could not be opened before".into())),
        }
    }

    /// Ends what was written: only now a file of it appears.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.opened()?;
        let To::Open { name, encoder } = self.to else { return Ok(()) };
        let flow = encoder.finish().and_then(|to| to.into_inner().map_err(io::IntoInnerError::into_error));
        flow.map_err(|error| Failure::writing(&name, &error))?.commit()
    }
}

fn write(to: &mut Encoder<impl Write + Send>, predicted: &DMatrix<f64>, kept: &[bool]) -> io::Result<()> {
    let mut row = 0;
    for kept in kept {
        match kept {
            true => {
                to.record((0..predicted.ncols()).map(|target| Cell::Number(predicted[(row, target)])))?;
                row += 1;
            }
            false => to.record((0..predicted.ncols()).map(|_| Cell::Empty))?,
        }
    }
    Ok(())
}
