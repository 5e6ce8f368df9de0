//! Columns, named on the command line.

use std::str::FromStr;

use crate::args::numbers;

/// Column names, separated by commas, quoted as in CSV where needed.
#[derive(Debug, Clone)]
pub(crate) struct NameList(Vec<String>);

impl NameList {
    pub(crate) fn names(&self) -> &[String] {
        &self.0
    }
}

impl FromStr for NameList {
    type Err = String;

    fn from_str(list: &str) -> Result<Self, String> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(list.as_bytes());
        let records: Vec<csv::StringRecord> =
            reader.records().collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        match records.as_slice() {
            [names] => Ok(Self(names.iter().map(|name| name.trim().to_owned()).collect())),
            _ => Err(format!("found {list:?}, wanted column names separated by commas")),
        }
    }
}

/// Penalty factors of columns, as NAME=FACTOR, separated by commas.
#[derive(Debug, Clone)]
pub(crate) struct NamedFactors(Vec<(String, f64)>);

impl NamedFactors {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, factor)| (name.as_str(), *factor))
    }
}

impl FromStr for NamedFactors {
    type Err = String;

    fn from_str(list: &str) -> Result<Self, String> {
        let factor = |entry: &String| match entry.rsplit_once('=') {
            Some((name, factor)) => Ok((name.trim().to_owned(), numbers::penalty(factor)?)),
            None => Err(format!("found {entry:?}, wanted NAME=FACTOR")),
        };
        Ok(Self(NameList::from_str(list)?.names().iter().map(factor).collect::<Result<_, _>>()?))
    }
}

/// The columns that part the rows: by labels of one kind or several, and by time.
#[derive(Debug, Default, Clone)]
pub(crate) struct PartingColumns<'a> {
    pub(crate) labels: Vec<LabelColumns<'a>>,
    /// The column of `--time`.
    pub(crate) time: Option<&'a str>,
    /// Whether a target may have no value in a row, which is NaN then.
    pub(crate) gaps: bool,
}

/// Columns whose values say which rows belong together, and the option that names them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LabelColumns<'a> {
    pub(crate) option: &'static str,
    pub(crate) names: &'a [String],
}

impl<'a> LabelColumns<'a> {
    /// The columns of `--by`.
    pub(crate) fn of_by(names: &'a NameList) -> Self {
        Self { option: "--by", names: names.names() }
    }
}
