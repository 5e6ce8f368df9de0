//! The library's tests. Every stage is judged alone against its `f64` twin, every backend against an oracle that uses
//! another algorithm and against facts that need no solver; each test is named by the property it holds.

#![expect(clippy::cast_possible_truncation, reason = "sizes in the tests are small")]

#[path = "../../benches/accuracy/exact.rs"]
#[allow(dead_code, reason = "the bench takes its moments too")]
mod exact;

mod cases;
mod oracle;
mod support;

mod rooms;

mod decay;
mod errors;

mod math {
    mod eigen;
}

mod data {
    mod arrow;
    mod containers;
    mod framed;
    mod parquet;
    mod rows;
}

mod moments {
    mod bytes;
    mod changed;
    mod merge;
    mod stream;
}

mod model {
    mod convention;
    mod penalty_factors;
}

mod plan {
    mod decisions;
    mod problems;
    mod rates;
}

mod equations {
    mod dual;
    mod refine;
}

mod answer {
    mod bounds;
    #[cfg(feature = "serde")]
    mod documents;
    mod lookups;
    mod prediction;
}

mod cpu {
    mod spectral;
}

mod gpu {
    mod contract;
    mod correct;
    pub(crate) mod devices;
    mod factor;
    mod faults;
    mod forward;
    mod frame;
    mod gram;
    mod on_device;
    mod problems;
    mod product;
    mod rates;
    mod recorder;
    mod residual;
    mod residues;
    mod shares;
    mod sharing;
    mod soak;
    mod solve;
}

mod solve {
    mod backends;
    mod cancellation;
    mod facts;
    mod many;
    mod nodes;
    mod prior;
    mod random;
    mod range;
    mod rungs;
    #[cfg(feature = "tracing")]
    mod stages;
    mod targets;
}

mod choose {
    mod chosen;
    mod cross_validation;
    mod folds;
    mod joint;
    mod many;
    mod nested;
    mod of_moments;
    mod permutations;
    mod rule;
    mod spectrum;
    mod targets;
}

mod tell {
    mod figures;
    mod inference;
    #[cfg(feature = "linfa")]
    mod linfa;
    mod norms;
}
