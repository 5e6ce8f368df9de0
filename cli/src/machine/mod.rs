//! What the program has to do with the machine around it: its files, streams and signals, and what it is.

pub(crate) mod failure;
pub(crate) mod hardware;
pub(crate) mod kept_rates;
pub(crate) mod output;
pub(crate) mod progress;
pub(crate) mod same_file;
pub(crate) mod signals;
pub(crate) mod temporary;
