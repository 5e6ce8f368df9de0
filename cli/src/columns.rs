//! Which columns of a table are features, targets and weights.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use crate::args::DataArgs;
use crate::grid;
use crate::kind;
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

/// Penalty factors of columns from the command line, as NAME=FACTOR.
#[derive(Debug, Clone)]
pub(crate) struct Factors(Vec<(String, f64)>);

impl FromStr for Factors {
    type Err = String;

    fn from_str(list: &str) -> std::result::Result<Self, String> {
        let factor = |entry: &String| match entry.rsplit_once('=') {
            Some((name, factor)) => Ok((name.trim().to_owned(), grid::penalty(factor)?)),
            None => Err(format!("found {entry:?}, wanted NAME=FACTOR")),
        };
        Ok(Self(Names::from_str(list)?.0.iter().map(factor).collect::<std::result::Result<_, _>>()?))
    }
}

/// A factor for each of these features, if any is named. `numbers` are those of their columns in the file.
pub(crate) fn penalty_factors(args: &DataArgs, features: &[String], numbers: &[usize]) -> Result<Option<Vec<f64>>> {
    if args.penalty_factor.is_none() && args.unpenalised.is_none() {
        return Ok(None);
    }
    let header = Header::new(features, numbers.to_vec(), "the features".into());
    let mut factors = vec![None; features.len()];
    let mut set = |option: &str, name: &str, factor: f64| {
        let column = header.find(option, name)?;
        match factors[column].replace(factor) {
            Some(_) => {
                Err(Failure::Input(format!("{option}: column {:?} has a penalty factor already", features[column])))
            }
            None => Ok(()),
        }
    };
    for (name, factor) in args.penalty_factor.iter().flat_map(|named| &named.0) {
        set("--penalty-factor", name, *factor)?;
    }
    for name in args.unpenalised.iter().flat_map(|named| &named.0) {
        set("--unpenalised", name, 0.0)?;
    }
    Ok(Some(factors.into_iter().map(|factor| factor.unwrap_or(1.0)).collect()))
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
        let header = Header::of_file(header, file, line);
        let targets = header.find_all("--target", &args.target)?;
        let weights = args.weights.as_ref().map(|name| header.find("--weights", name)).transpose()?;
        let excluded = match &args.exclude {
            Some(names) => header.find_every("--exclude", &names.0)?,
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
        let excluded: HashSet<usize> = excluded.into_iter().collect();
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

    /// The features of these names, which `who` asks for.
    pub(crate) fn named(who: &str, names: &[String], header: &[String], file: &str, line: u64) -> Result<Self> {
        let header = Header::of_file(header, file, line);
        let features = header.find_all(who, names)?;
        header.check_unique(&features)?;
        Ok(Self { features, targets: Vec::new(), weights: None, labels: None })
    }
}

/// Names of columns, by which they are found: by a name, or by `#` and the column's number in the file.
struct Header<'a> {
    names: &'a [String],
    /// Where each name stands.
    named: HashMap<&'a str, Vec<usize>>,
    /// The columns' numbers in the file, from 0.
    numbers: Vec<usize>,
    place: String,
}

impl<'a> Header<'a> {
    fn new(names: &'a [String], numbers: Vec<usize>, place: String) -> Self {
        let mut named = HashMap::<&str, Vec<usize>>::with_capacity(names.len());
        names.iter().enumerate().for_each(|(at, name)| named.entry(name).or_default().push(at));
        Self { names, named, numbers, place }
    }

    fn of_file(names: &'a [String], file: &str, line: u64) -> Self {
        Self::new(names, (0..names.len()).collect(), format!("{file}, line {line}"))
    }

    fn find_all(&self, option: &str, names: &[String]) -> Result<Vec<usize>> {
        let found: Vec<usize> = names.iter().map(|name| self.find(option, name)).collect::<Result<_>>()?;
        self.check_once(option, found)
    }

    /// All columns of these names.
    fn find_every(&self, option: &str, names: &[String]) -> Result<Vec<usize>> {
        let found: Vec<Vec<usize>> = names.iter().map(|name| self.all_of(option, name)).collect::<Result<_>>()?;
        self.check_once(option, found.concat())
    }

    fn check_once(&self, option: &str, found: Vec<usize>) -> Result<Vec<usize>> {
        let mut seen = HashSet::with_capacity(found.len());
        match found.iter().find(|column| !seen.insert(**column)) {
            Some(twice) => Err(Failure::Input(format!("{option} names column {:?} twice", self.names[*twice]))),
            None => Ok(found),
        }
    }

    fn find(&self, option: &str, name: &str) -> Result<usize> {
        match self.all_of(option, name)?.as_slice() {
            [one] => Ok(*one),
            all => {
                let numbers: Vec<String> = all.iter().map(|at| self.number(*at).to_string()).collect();
                let (place, hashed) = (&self.place, numbers.join(" or #"));
                Err(Failure::Input(format!(
                    "{option}: {place}: columns {} are named {name:?}; wanted one of them, by its number: #{hashed}",
                    numbers.join(" and ")
                )))
            }
        }
    }

    fn all_of(&self, option: &str, name: &str) -> Result<Vec<usize>> {
        let name = name.trim();
        if let Some(all) = self.named.get(name) {
            return Ok(all.clone());
        }
        let number = name.strip_prefix('#').and_then(|number| number.parse::<usize>().ok()?.checked_sub(1));
        if let Some(at) = number.and_then(|number| self.numbers.iter().position(|own| *own == number)) {
            return Ok(vec![at]);
        }
        let place = &self.place;
        Err(Failure::Input(format!("{option}: there is no column {name:?} in {place}; {}", self.instead(name))))
    }

    /// The number of a column in the file, from 1.
    fn number(&self, at: usize) -> usize {
        self.numbers[at] + 1
    }

    /// The names near to one that is not there, or what there is.
    fn instead(&self, name: &str) -> String {
        if let Some(separator) = kind::separator(self.names) {
            return format!(
                "its names are parted by {separator}, wanted commas: save or convert it as CSV with commas"
            );
        }
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

    /// A column used must have a name, and one that no other of these has.
    fn check_unique(&self, used: &[usize]) -> Result<()> {
        let mut seen = HashMap::with_capacity(used.len());
        for column in used {
            let (name, place, number) = (&self.names[*column], &self.place, self.number(*column));
            if name.is_empty() {
                return Err(Failure::Input(format!(
                    "{place}: column {number} has no name; wanted one, or --exclude '#{number}' to leave it out"
                )));
            }
            if let Some(first) = seen.insert(name, *column) {
                let (first, second) = (self.number(first.min(*column)), self.number(first.max(*column)));
                return Err(Failure::Input(format!(
                    "{place}: columns {first} and {second} are both named {name:?}; wanted different names, or one left out by \
                     --exclude '#{second}'"
                )));
            }
        }
        Ok(())
    }
}
