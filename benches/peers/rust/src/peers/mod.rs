//! One file for each library, in the plainest way that its users have.

mod faer;
mod linfa;
mod nalgebra;
mod smartcore;

use std::error::Error;

use crate::data::Data;

/// W of each alpha, target after target.
pub type Answer = Result<Vec<Vec<f64>>, Box<dyn Error>>;

/// The way to a path.
pub type Path = fn(&Data, &[f64]) -> Answer;

/// By name.
pub const PEERS: [(&str, Path); 4] = [
    ("nalgebra", self::nalgebra::path),
    ("faer", self::faer::path),
    ("smartcore", self::smartcore::path),
    ("linfa", self::linfa::path),
];
