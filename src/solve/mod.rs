//! From rows to a path. [`Ridge`](ridge::Ridge) settles what is [asked](asked::Asked), plans, and starts a [task](task::Task) at the
//! foot of the ladder.

// What is asked for, and one task of it.
mod asked;
pub(crate) mod batch;
pub(crate) mod each;
mod many;
mod prior;
pub(crate) mod ridge;
mod run;
pub(crate) mod stream_sums;
pub(crate) mod targets;
mod task;
// The ladder, and its rungs.
mod climb;
mod corrected;
mod double;
pub(crate) mod known;
mod ladder;
mod single;
mod unpenalised;
// What the rungs share: from rows to equations, from equations to solutions.
mod nodes;
mod of_rows;
mod solutions;
