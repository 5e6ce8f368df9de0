//! Which columns of a file are features, targets, weights and labels.

use std::collections::HashSet;

use crate::args::data::DataArgs;
use crate::args::names::LabelColumns;
use crate::input::header::Header;
use crate::machine::failure::{Failure, Result};

/// Which columns of a file are used, by their numbers.
#[derive(Debug)]
pub(crate) struct ColumnRoles {
    pub(crate) features: Vec<usize>,
    pub(crate) targets: Vec<usize>,
    pub(crate) weights: Option<usize>,
    /// The columns whose values say which rows belong together.
    pub(crate) labels: Vec<usize>,
}

impl ColumnRoles {
    /// The columns of numbers: features, then targets, then weights.
    pub(crate) fn of_numbers(&self) -> Vec<usize> {
        self.features.iter().chain(&self.targets).chain(&self.weights).copied().collect()
    }

    /// The roles that the command line gives to the columns of a file. `header` is that of `file`, and stands on its line
    /// `line`.
    pub(crate) fn choose(
        args: &DataArgs,
        labels: Option<LabelColumns<'_>>,
        header: &[String],
        file: &str,
        line: u64,
    ) -> Result<Self> {
        let header = Header::of_file(header, file, line);
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
        let option = labels.map_or("", |labels| labels.option);
        let labels = match labels {
            Some(labels) => header.find_all(labels.option, labels.names)?,
            None => Vec::new(),
        };
        for column in labels.iter().copied() {
            let roles = [("--target", targets.contains(&column)), ("--weights", weights == Some(column))];
            if let Some((role, _)) = roles.iter().find(|(_, taken)| *taken) {
                return Err(clash(role, option, column));
            }
        }
        let excluded: HashSet<usize> = excluded.into_iter().collect();
        let other = |column: &usize| !targets.contains(column) && weights != Some(*column) && !labels.contains(column);
        let features: Vec<usize> = match &args.features {
            Some(names) => {
                let named = header.find_all("--features", names.names())?;
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
        let all = columns.of_numbers().into_iter().chain(columns.labels.iter().copied());
        header.check_unique(&all.collect::<Vec<_>>())?;
        Ok(columns)
    }

    /// Features by their names, which `who` asks for.
    pub(crate) fn named(who: &str, names: &[String], header: &[String], file: &str, line: u64) -> Result<Self> {
        let header = Header::of_file(header, file, line);
        let features = header.find_all(who, names)?;
        header.check_unique(&features)?;
        Ok(Self { features, targets: Vec::new(), weights: None, labels: Vec::new() })
    }
}
