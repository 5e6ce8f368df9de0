//! Whatever blocks a CSV file is cut into, its rows are those that are read one by one.

use std::io::Cursor;
use std::sync::Arc;

use proptest::prelude::*;

use crate::args::reading::ReadingArgs;
use crate::input::cell_rules::CellRules;
use crate::input::column_roles::{ColumnRoles, Part};
use crate::input::csv_blocks;
use crate::input::csv_file::CsvFile;
use crate::input::number_block::{NumberBlock, NumberRules};
use crate::input::table_builder::{Purpose, TableBuilder};
use crate::input::table_source::{Next, TableSource, Wanted};
use crate::input::text_file::TextFile;
use crate::machine::failure::Result;

/// A file whose blocks never fit, so that its rows come one by one.
struct OneByOne(CsvFile);

impl TableSource for OneByOne {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn header(&self) -> &[String] {
        self.0.header()
    }

    fn header_place(&self) -> String {
        self.0.header_place()
    }

    fn lacks_rows(&self) -> String {
        self.0.lacks_rows()
    }

    fn project(&mut self, wanted: Wanted) -> Result<()> {
        self.0.project(wanted)
    }

    fn advance(&mut self, _fits: &dyn Fn(&NumberBlock) -> bool) -> Result<Next> {
        self.0.advance(&|_| false)
    }

    fn next_row(&mut self) -> Result<bool> {
        self.0.next_row()
    }

    fn cell(&self, column: usize) -> &[u8] {
        self.0.cell(column)
    }

    fn place(&self, column: usize) -> String {
        self.0.place(column)
    }
}

/// What comes of a text: the bits of its columns and how many rows are left out, or the failure in its words. Columns a and b are features, w has
/// weights and y is the target.
type Outcome = std::result::Result<(Vec<Vec<u64>>, usize), String>;

fn outcome(text: &str, bytes: usize, one_by_one: bool, drop_missing: bool, gaps: bool) -> Outcome {
    let args = ReadingArgs { drop_missing, ..ReadingArgs::default() };
    let read = || -> Result<_> {
        let text = TextFile::begun("t.csv".into(), Box::new(Cursor::new(text.to_owned().into_bytes())))?;
        let file = CsvFile::in_blocks(text, &args, bytes)?;
        let chosen = ColumnRoles {
            features: vec![0, 2],
            categorical: Vec::new(),
            targets: vec![4],
            weights: Some(3),
            time: None,
            labels: Vec::new(),
            features_are_the_rest: false,
            excluded: Vec::new(),
        };
        let mut builder = TableBuilder::new(Purpose::Fit { intercept: true, gaps }, &args, &chosen, &[]);
        let built = match one_by_one {
            true => all(&mut OneByOne(file), &mut builder, &chosen).and_then(|source| builder.finish(source, &chosen)),
            false => all(&mut { file }, &mut builder, &chosen).and_then(|source| builder.finish(source, &chosen)),
        }?;
        let bits = |column| built.table.columns(column, 1).iter().map(|value| value.to_bits()).collect();
        Ok(((0..4).map(bits).collect(), built.dropped.count))
    };
    read().map_err(|failure| failure.text().unwrap_or_default().to_owned())
}

fn all<'a, S: TableSource>(source: &'a mut S, builder: &mut TableBuilder, chosen: &ColumnRoles) -> Result<&'a S> {
    builder.begin(source, chosen)?;
    while builder.take_some(source, chosen)? {}
    Ok(source)
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        40 => (-1e6..1e6).prop_map(|value: f64| format!("{value:?}")),
        10 => (0..1000).prop_map(|value: i32| value.to_string()),
        2 => prop::sample::select(vec!["-0.0", "1e400", "9007199254740993", " 7 ", "\"8\"", "\"8\"9", "9\"", "+3", "1e-320"]).prop_map(String::from),
        2 => prop::sample::select(vec!["", "NA", "\"NaN\"", "."]).prop_map(String::from),
    ]
}

/// A cell of a column that is not used.
fn unused() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "x", "\"a,b\"", "\"a\nb\"", "\"a\r\n\"\"b\"", "a\"b", "\"open"])
        .prop_map(String::from)
        .boxed()
        .prop_flat_map(|text| prop_oneof![1 => Just(text), 9 => Just("1".to_owned())])
}

fn line() -> impl Strategy<Value = String> {
    let end = prop::sample::select(vec!["\n", "\n", "\n", "\r\n", "\r\n", "\r", "\n\n", ",\n"]);
    (cell(), unused(), cell(), 0..9, cell(), end)
        .prop_map(|(a, text, b, weight, y, end)| format!("{a},{text},{b},{weight},{y}{end}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn blocks_of_any_size_give_the_rows_that_come_one_by_one(
        mark in any::<bool>(),
        lines in prop::collection::vec(line(), 0..12),
        bytes in 1_usize..120,
        whole in any::<bool>(),
        (drop_missing, gaps) in any::<(bool, bool)>(),
    ) {
        let mut text = format!("{}a,text,b,w,y\r\n{}", if mark { "\u{feff}" } else { "" }, lines.concat());
        if !whole {
            text.pop();
        }
        let wanted = outcome(&text, csv_blocks::BYTES, true, drop_missing, gaps);
        prop_assert_eq!(outcome(&text, bytes, false, drop_missing, gaps), wanted.clone(), "{:?}", text);
        prop_assert_eq!(outcome(&text, bytes, true, drop_missing, gaps), wanted, "{:?}", text);
    }
}

#[test]
fn plain_blocks_are_not_read_one_by_one() {
    let text = format!("a,text,b,w,y\n{}", "1.5,x,2,1,3\n".repeat(20));
    let source = TextFile::begun("t.csv".into(), Box::new(Cursor::new(text.clone().into_bytes()))).unwrap();
    let args = ReadingArgs::default();
    let mut file = CsvFile::in_blocks(source, &args, 50).unwrap();
    let numbers = NumberRules {
        columns: vec![(0, Part::Feature)],
        gaps: false,
        drop_missing: false,
        cells: CellRules::new(&args),
    };
    file.project(Wanted { columns: vec![0], numbers: Some(Arc::new(numbers)) }).unwrap();
    let mut rows = 0;
    loop {
        match file.advance(&|_| true).unwrap() {
            Next::Block(block) => rows += block.rows,
            Next::Rows => panic!("a plain block"),
            Next::End => break,
        }
    }
    assert_eq!(rows, 20);
}
