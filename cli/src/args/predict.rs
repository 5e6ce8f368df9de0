//! The command line of `ridgepath predict`.

use std::path::PathBuf;

use crate::args::answer::{Destination, RecordFormat};
use crate::args::input_files::InputFiles;
use crate::args::reading::ReadingArgs;

#[derive(clap::Args, Debug)]
pub(crate) struct PredictArgs {
    /// What cv wrote with --save or --format json
    #[arg(value_name = "MODEL.json")]
    pub(crate) model: PathBuf,
    /// A CSV file or a Parquet file that has columns named as the model's features, in any order, among others, or several, which are
    /// read in this order; - is standard input, of CSV. A pattern, in quotes, as 'new/*.csv', stands for all files that match, by the
    /// order of their names, and a folder for all *.parquet in it
    #[arg(value_name = "NEW", required = true, value_parser = InputFiles::parser())]
    pub(crate) input: Vec<InputFiles>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// Where the predictions go, a column for each target; - is standard output, to which they go as they come. A file appears whole or
    /// not at all
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    pub(crate) output: Destination,
    /// How the predictions are written [default: by the ending of --output, .parquet, .arrow or .feather, else csv]. To standard output
    /// arrow is a stream
    #[arg(long, value_enum)]
    pub(crate) format: Option<RecordFormat>,
}
