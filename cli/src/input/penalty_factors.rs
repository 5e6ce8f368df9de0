//! What λ is multiplied by for each feature.

use crate::args::data::DataArgs;
use crate::args::names::{NameList, NamedFactors};
use crate::input::header::Header;
use crate::machine::failure::{Failure, Result};

/// A penalty factor for each feature, if any is asked for. `numbers` are the numbers of the features' columns in the file.
pub(crate) fn of_features(args: &DataArgs, features: &[String], numbers: &[usize]) -> Result<Option<Vec<f64>>> {
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
    for (name, factor) in args.penalty_factor.iter().flat_map(NamedFactors::iter) {
        set("--penalty-factor", name, factor)?;
    }
    for name in args.unpenalised.iter().flat_map(NameList::names) {
        set("--unpenalised", name, 0.0)?;
    }
    Ok(Some(factors.into_iter().map(|factor| factor.unwrap_or(1.0)).collect()))
}
