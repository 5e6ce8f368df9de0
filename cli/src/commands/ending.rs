//! How commands end that have written a path.

use ridgepath::RidgePath;

use crate::format::message;
use crate::machine::failure::{Failure, Result};

/// Says the notes. An error where no λ of any target has an answer.
pub(crate) fn told(notes: &[String], path: &RidgePath) -> Result<()> {
    notes.iter().for_each(|note| message::note(note));
    let answered = |index: usize| (0..path.targets()).any(|target| !path.intercept(index, target).is_nan());
    if (0..path.len()).any(answered) { Ok(()) } else { Err(Failure::NoAnswer) }
}
