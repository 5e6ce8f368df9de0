//! The judge: everything that the library prints of a small regression, held against an exact twin in rational arithmetic.
//! docs/figures.md says what is judged, and how far off each figure may be.
//!
//! ```sh
//! cargo test --test judge                     # some 40 seconds of cases, or RIDGEPATH_JUDGE_SECONDS
//! RIDGEPATH_JUDGE_SOLVES=100000 cargo test --release --test judge -- --nocapture
//! RIDGEPATH_JUDGE_SEED=17 cargo test --test judge -- --nocapture     # one case alone, by its number
//! ```

mod big;
mod cases;
mod control;
mod court;
mod figures;
mod integers;
mod subject;
mod tolerance;
mod trial;
mod truths;
mod twin;
