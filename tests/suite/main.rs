//! The library's tests. Every stage is judged alone against its `f64` twin, every backend against an oracle that uses
//! another algorithm and against facts that need no solver; each test is named by the property it holds.

#![expect(clippy::cast_possible_truncation, reason = "sizes in the tests are small")]

#[path = "../../benches/accuracy/exact.rs"]
#[allow(dead_code, reason = "the bench takes its moments too")]
mod exact;
mod oracle;
mod support;

mod backends;
mod bounds;
mod cases;
mod changed_moments;
mod contract;
mod convention;
mod cross_validation;
mod decay;
mod devices;
#[cfg(feature = "serde")]
mod documents;
mod dual;
mod eigen;
mod errors;
mod factor;
mod factors;
mod facts;
mod faults;
mod figures;
mod folds;
mod gram;
mod inference;
mod moments;
mod norms;
mod path;
mod plan;
mod prediction;
mod prior;
mod product;
mod random;
mod range;
mod rates;
mod refine;
mod rooms;
mod rule;
mod sharing;
mod soak;
mod solve;
mod spectral;
mod spectrum;
