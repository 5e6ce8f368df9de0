//! Which columns of a file are features, targets, weights, times and labels.

use std::collections::HashSet;

use crate::args::data::DataArgs;
use crate::args::names::PartingColumns;
use crate::input::header::Header;
use crate::input::table_source::TableSource;
use crate::machine::failure::{Failure, Result};

/// The part that a column of numbers plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Feature,
    Target,
    Weight,
    Time,
}

/// Which columns of a file are used, by their numbers.
#[derive(Debug, Clone)]
pub(crate) struct ColumnRoles {
    pub(crate) features: Vec<usize>,
    /// Those of the features that are text.
    pub(crate) categorical: Vec<usize>,
    pub(crate) targets: Vec<usize>,
    pub(crate) weights: Option<usize>,
    /// The time of each row.
    pub(crate) time: Option<usize>,
    /// The columns whose values say which rows belong together, for each kind of label.
    pub(crate) labels: Vec<Vec<usize>>,
    /// Whether the features are all columns that have no other part and are not left out.
    pub(crate) features_are_the_rest: bool,
    /// The columns that are left out by their names.
    pub(crate) excluded: Vec<usize>,
}

impl ColumnRoles {
    /// The columns of numbers: features, then targets, then weights, then times.
    pub(crate) fn of_numbers(&self) -> impl Iterator<Item = (usize, Part)> {
        fn each(part: Part) -> impl Fn(&usize) -> (usize, Part) {
            move |column| (*column, part)
        }
        let features = self.features.iter().filter(|column| !self.is_text(**column)).map(each(Part::Feature));
        let targets = self.targets.iter().map(each(Part::Target));
        let weights = self.weights.iter().map(each(Part::Weight));
        features.chain(targets).chain(weights).chain(self.time.iter().map(each(Part::Time)))
    }

    /// Whether a feature is text.
    pub(crate) fn is_text(&self, column: usize) -> bool {
        self.categorical.contains(&column)
    }

    /// All columns that are used.
    pub(crate) fn all(&self) -> Vec<usize> {
        let others = self.targets.iter().chain(&self.weights).chain(&self.time).chain(self.labels.iter().flatten());
        self.features.iter().chain(others).copied().collect()
    }

    /// The same roles of columns that have other numbers.
    pub(crate) fn moved(&self, to: impl Fn(usize) -> Result<usize>) -> Result<Self> {
        let each = |columns: &[usize]| columns.iter().map(|column| to(*column)).collect::<Result<Vec<usize>>>();
        Ok(Self {
            features: each(&self.features)?,
            categorical: each(&self.categorical)?,
            targets: each(&self.targets)?,
            weights: self.weights.map(&to).transpose()?,
            time: self.time.map(&to).transpose()?,
            labels: self.labels.iter().map(|columns| each(columns)).collect::<Result<_>>()?,
            features_are_the_rest: self.features_are_the_rest,
            excluded: Vec::new(),
        })
    }

    /// The roles that the command line gives to the columns of a source.
    pub(crate) fn choose(args: &DataArgs, parting: &PartingColumns<'_>, source: &dyn TableSource) -> Result<Self> {
        let header = Header::of_source(source);
        let targets = header.find_all("--target", &args.target)?;
        let weights = args.weights.as_ref().map(|name| header.find("--weights", name)).transpose()?;
        let excluded = match &args.exclude {
            Some(names) => header.find_every("--exclude", names.names())?,
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
        let mut roles: Vec<(&str, usize)> = targets.iter().map(|column| ("--target", *column)).collect();
        roles.extend(weights.map(|column| ("--weights", column)));
        let mut take = |option, column: usize| match role(&roles, column) {
            Some(other) => Err(clash(other, option, column)),
            None => {
                roles.push((option, column));
                Ok(column)
            }
        };
        let time = parting.time.map(|name| take("--time", header.find("--time", name)?)).transpose()?;
        let mut labels = Vec::with_capacity(parting.labels.len());
        for own in &parting.labels {
            let found = header.find_all(own.option, own.names)?;
            labels.push(found.into_iter().map(|column| take(own.option, column)).collect::<Result<Vec<usize>>>()?);
        }
        let categorical = match &args.categorical {
            Some(names) => header.find_all("--categorical", names.names())?,
            None => Vec::new(),
        };
        if let Some((option, column)) = categorical.iter().find_map(|column| Some((role(&roles, *column)?, *column))) {
            return Err(clash(option, "--categorical", column));
        }
        if let Some(column) = categorical.iter().find(|column| excluded.contains(column)) {
            return Err(clash("--categorical", "--exclude", *column));
        }
        let left_out: HashSet<usize> = excluded.iter().copied().collect();
        let features: Vec<usize> = match &args.features {
            Some(names) => {
                let named = header.find_all("--features", names.names())?;
                let taken = |column: &usize| Some((role(&roles, *column)?, *column));
                if let Some((option, column)) = named.iter().find_map(taken) {
                    return Err(clash("--features", option, column));
                }
                named
            }
            None => (0..header.names.len()).filter(|column| role(&roles, *column).is_none()).collect(),
        };
        let features: Vec<usize> = features.into_iter().filter(|column| !left_out.contains(column)).collect();
        if features.is_empty() {
            return Err(Failure::Input(format!("no column of {} is left to be a feature", header.place)));
        }
        if let Some(column) = categorical.iter().find(|column| !features.contains(column)) {
            let name = &header.names[*column];
            return Err(Failure::Input(format!(
                "column {name:?} is named by --categorical and not by --features; wanted both"
            )));
        }
        let features_are_the_rest = args.features.is_none();
        let columns = Self { features, categorical, targets, weights, time, labels, features_are_the_rest, excluded };
        header.check_unique(&columns.all())?;
        Ok(columns)
    }

    /// Features by their names, some of them text, which `who` asks for.
    pub(crate) fn named(who: &str, names: &[String], text: &[String], source: &dyn TableSource) -> Result<Self> {
        let header = Header::of_source(source);
        let (features, categorical) = (header.find_all(who, names)?, header.find_all(who, text)?);
        header.check_unique(&features)?;
        Ok(Self {
            features,
            categorical,
            targets: Vec::new(),
            weights: None,
            time: None,
            labels: Vec::new(),
            features_are_the_rest: false,
            excluded: Vec::new(),
        })
    }
}

/// The option that has given a part to a column.
fn role<'a>(roles: &[(&'a str, usize)], column: usize) -> Option<&'a str> {
    roles.iter().find(|(_, own)| *own == column).map(|(option, _)| *option)
}
