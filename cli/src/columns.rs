//! Which columns of a table are features, targets and weights.

use std::str::FromStr;

use crate::args::DataArgs;
use crate::message::{Failure, Result};

/// Column names from the command line, separated by commas, quoted as in CSV where needed.
#[derive(Debug, Clone)]
pub(crate) struct Names(Vec<String>);

impl FromStr for Names {
    type Err = String;

    fn from_str(list: &str) -> std::result::Result<Self, String> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(list.as_bytes());
        let records: Vec<csv::StringRecord> =
            reader.records().collect::<std::result::Result<_, _>>().map_err(|error| error.to_string())?;
        match records.as_slice() {
            [names] => Ok(Self(names.iter().map(|name| name.trim().to_owned()).collect())),
            _ => Err(format!("found {list:?}, wanted column names separated by commas")),
        }
    }
}

/// The numbers of the columns used.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(crate) features: Vec<usize>,
    pub(crate) targets: Vec<usize>,
    pub(crate) weights: Option<usize>,
    /// The column whose values say which rows belong together.
    pub(crate) labels: Option<usize>,
}

/// A column of labels, and the option that names it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Labels<'a> {
    pub(crate) option: &'static str,
    pub(crate) column: &'a str,
}

impl Columns {
    /// Those of numbers: features, then targets, then weights.
    pub(crate) fn all(&self) -> Vec<usize> {
        self.features.iter().chain(&self.targets).chain(&self.weights).copied().collect()
    }

    /// `header` is that of `file`, and stands on its line `line`.
    pub(crate) fn choose(
        args: &DataArgs,
        labels: Option<Labels<'_>>,
        header: &[String],
        file: &str,
        line: u64,
    ) -> Result<Self> {
        let header = Header::new(header, file, line);
        let targets = header.find_all("--target", &args.target)?;
        let weights = args.weights.as_ref().map(|name| header.find("--weights", name)).transpose()?;
        let excluded = match &args.exclude {
            Some(names) => header.find_all("--exclude", &names.0)?,
            None => Vec::new(),
        };
        let clash = |a: &str, b: &str, column: usize| {
            Failure::Input(format!("column {:?} is named by both {a} and {b}", header.names[column]))
        };
        if let Some(column) = weights.filter(|column| targets.contains(column)) {
            return Err(clash("--target", "--weights", column));
        }
        if let Some(column) = targets.iter().find(|column| excluded.contains(column)) {
            return Err(clash("--target", "--exclude", *column));
        }
        let option = labels.map_or("", |labels| labels.option);
        let labels = labels.map(|labels| header.find(labels.option, labels.column)).transpose()?;
        if let Some(column) = labels {
            let roles = [("--target", targets.contains(&column)), ("--weights", weights == Some(column))];
            if let Some((role, _)) = roles.iter().find(|(_, taken)| *taken) {
                return Err(clash(role, option, column));
            }
        }
        let other = |column: &usize| !targets.contains(column) && weights != Some(*column) && labels != Some(*column);
        let features: Vec<usize> = match &args.features {
            Some(names) => {
                let named = header.find_all("--features", &names.0)?;
                if let Some(column) = named.iter().find(|column| !other(column)) {
                    let role = match () {
                        () if targets.contains(column) => "--target",
                        () if weights == Some(*column) => "--weights",
                        () => option,
                    };
                    return Err(clash("--features", role, *column));
                }
                named
            }
            None => (0..header.names.len()).filter(other).collect(),
        };
        let features: Vec<usize> = features.into_iter().filter(|column| !excluded.contains(column)).collect();
        if features.is_empty() {
            return Err(Failure::Input(format!("no column of {} is left to be a feature", header.place)));
        }
        let columns = Self { features, targets, weights, labels };
        header.check_unique(&columns.all().into_iter().chain(labels).collect::<Vec<_>>())?;
        Ok(columns)
    }

    /// The columns of these names, which `who` asks for.
    pub(crate) fn named(who: &str, names: &[String], header: &[String], file: &str, line: u64) -> Result<Vec<usize>> {
        let header = Header::new(header, file, line);
        let found = header.find_all(who, names)?;
        header.check_unique(&found)?;
        Ok(found)
    }
}

struct Header<'a> {
    names: &'a [String],
    place: String,
}

impl<'a> Header<'a> {
    fn new(names: &'a [String], file: &str, line: u64) -> Self {
        Self { names, place: format!("{file}, line {line}") }
    }

    fn find_all(&self, option: &str, names: &[String]) -> Result<Vec<usize>> {
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            let column = self.find(option, name)?;
            if found.contains(&column) {
                return Err(Failure::Input(format!("{option} names column {name:?} twice")));
            }
            found.push(column);
        }
        Ok(found)
    }

    fn find(&self, option: &str, name: &str) -> Result<usize> {
        let name = name.trim();
        self.names.iter().position(|own| own == name).ok_or_else(|| {
            let place = &self.place;
            Failure::Input(format!("{option}: there is no column {name:?} in {place}; {}", self.instead(name)))
        })
    }

    /// The names near to one that is not there, or what there is.
    fn instead(&self, name: &str) -> String {
        let likeness = |own: &str| strsim::jaro_winkler(&own.to_lowercase(), &name.to_lowercase());
        let mut near: Vec<(f64, &String)> =
            self.names.iter().map(|own| (likeness(own), own)).filter(|(likeness, _)| *likeness > 0.8).collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        let listed = |names: &mut dyn Iterator<Item = &String>| {
            names.take(12).map(|own| format!("{own:?}")).collect::<Vec<_>>().join(", ")
        };
        if !near.is_empty() {
            return format!("did you mean {}?", listed(&mut near.iter().take(3).map(|(_, own)| *own)));
        }
        let rest = match self.names.len().saturating_sub(12) {
            0 => String::new(),
            rest => format!(" and {rest} more"),
        };
        format!("there are {}{rest}", listed(&mut self.names.iter()))
    }

    /// A column used must have a name, and one that no other has.
    fn check_unique(&self, used: &[usize]) -> Result<()> {
        for column in used {
            let name = &self.names[*column];
            let first = self.names.iter().position(|own| own == name).unwrap_or(*column);
            let again = self.names[first + 1..].iter().position(|own| own == name).map(|after| first + 1 + after);
            let (place, number) = (&self.place, column + 1);
            if name.is_empty() {
                return Err(Failure::Input(format!(
                    "{place}: column {number} has no name; wanted one, or --exclude '\"\"' to leave it out"
                )));
            }
            if let Some(again) = again {
                return Err(Failure::Input(format!(
                    "{place}: columns {} and {} are both named {name:?}; wanted different names",
                    first + 1,
                    again + 1
                )));
            }
        }
        Ok(())
    }
}
