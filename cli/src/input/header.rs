//! The names of a table's columns, and the search for a column by its name.

use std::collections::{HashMap, HashSet};

use crate::input::other_formats;
use crate::input::table_source::TableSource;
use crate::machine::failure::{Failure, Result};

/// Names of columns, by which they are found: by a name, or by `#` and the column's number in the file.
pub(crate) struct Header<'a> {
    pub(crate) names: &'a [String],
    /// Where each name stands.
    named: HashMap<&'a str, Vec<usize>>,
    /// The columns' numbers in the file, from 0.
    numbers: Vec<usize>,
    /// Where the names stand, as messages say it.
    pub(crate) place: String,
}

impl<'a> Header<'a> {
    pub(crate) fn new(names: &'a [String], numbers: Vec<usize>, place: String) -> Self {
        let mut named = HashMap::<&str, Vec<usize>>::with_capacity(names.len());
        names.iter().enumerate().for_each(|(at, name)| named.entry(name).or_default().push(at));
        Self { names, named, numbers, place }
    }

    pub(crate) fn of_source(source: &'a dyn TableSource) -> Self {
        let names = source.header();
        Self::new(names, (0..names.len()).collect(), source.header_place())
    }

    /// One column for each name.
    pub(crate) fn find_all(&self, option: &str, names: &[String]) -> Result<Vec<usize>> {
        let found: Vec<usize> = names.iter().map(|name| self.find(option, name)).collect::<Result<_>>()?;
        self.check_once(option, found)
    }

    /// All columns that have any of the names.
    pub(crate) fn find_every(&self, option: &str, names: &[String]) -> Result<Vec<usize>> {
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

    /// The one column of a name.
    pub(crate) fn find(&self, option: &str, name: &str) -> Result<usize> {
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

    /// The columns of a name: one at least.
    fn all_of(&self, option: &str, name: &str) -> Result<Vec<usize>> {
        let name = name.trim();
        if let Some(all) = self.named.get(name) {
            return Ok(all.clone());
        }
        let number = name.strip_prefix('#').and_then(|number| number.parse::<usize>().ok()?.checked_sub(1));
        let of_number = |number: usize| (0..self.numbers.len()).filter(move |at| self.numbers[*at] == number);
        let found: Vec<usize> = number.into_iter().flat_map(of_number).collect();
        if !found.is_empty() {
            return Ok(found);
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
        if let Some((separator, delimiter)) = other_formats::separator(self.names) {
            return format!("its names look parted by {separator}: wanted --delimiter {delimiter}");
        }
        let likeness = |known: &str| strsim::jaro_winkler(&known.to_lowercase(), &name.to_lowercase());
        let mut near: Vec<(f64, &String)> =
            self.names.iter().map(|known| (likeness(known), known)).filter(|(likeness, _)| *likeness > 0.8).collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        let listed = |names: &mut dyn Iterator<Item = &String>| {
            names.take(12).map(|known| format!("{known:?}")).collect::<Vec<_>>().join(", ")
        };
        if !near.is_empty() {
            return format!("did you mean {}?", listed(&mut near.iter().take(3).map(|(_, known)| *known)));
        }
        let rest = match self.names.len().saturating_sub(12) {
            0 => String::new(),
            rest => format!(" and {rest} more"),
        };
        format!("there are {}{rest}", listed(&mut self.names.iter()))
    }

    /// Every column used must have a name, and one that no other column used has.
    pub(crate) fn check_unique(&self, used: &[usize]) -> Result<()> {
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
