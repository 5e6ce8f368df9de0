//! What λ is multiplied by for each feature.

use crate::args::data::DataArgs;
use crate::args::names::{NameList, NamedFactors};
use crate::input::categories::Category;
use crate::input::header::Header;
use crate::machine::failure::{Failure, Result};

/// A penalty factor for each feature, if any is asked for. `numbers` are the numbers of the features' columns in the file. The name of
/// a column of text stands for all its levels.
pub(crate) fn of_features(
    args: &DataArgs,
    features: &[String],
    numbers: &[usize],
    categories: &[Category],
) -> Result<Option<Vec<f64>>> {
    if args.penalty_factor.is_none() && args.unpenalised.is_none() {
        return Ok(None);
    }
    let header = Header::new(features, numbers.to_vec(), "the features".into());
    let mut factors = vec![None; features.len()];
    let mut set = |option: &str, name: &str, factor: f64| {
        let levels =
            categories.iter().find(|category| category.column == name && !features.iter().any(|own| own == name));
        let names = match levels {
            Some(category) => category.kept().map(|level| category.name_of(level)).collect(),
            None => vec![name.to_owned()],
        };
        for column in header.find_every(option, &names)? {
            if factors[column].replace(factor).is_some() {
                let name = &features[column];
                return Err(Failure::Input(format!("{option}: column {name:?} has a penalty factor already")));
            }
        }
        Ok(())
    };
    for (name, factor) in args.penalty_factor.iter().flat_map(NamedFactors::iter) {
        set("--penalty-factor", name, factor)?;
    }
    for name in args.unpenalised.iter().flat_map(NameList::names) {
        set("--unpenalised", name, 0.0)?;
    }
    Ok(Some(factors.into_iter().map(|factor| factor.unwrap_or(1.0)).collect()))
}
