//! The stages of the work as a subscriber of `tracing` sees them.

use std::fmt;
use std::sync::{Arc, Mutex};

use nalgebra::DMatrix;
use ridgepath::{Backend, CrossValidation, Ridge, Strategy};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::support::regression;

/// What began and ended, in order, with the fields.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0 += &format!(" {}={value:?}", field.name());
    }
}

impl Subscriber for Notes {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("ridgepath")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields(span.metadata().name().to_owned());
        span.record(&mut fields);
        let mut notes = self.0.lock().unwrap();
        notes.push(fields.0);
        Id::from_u64(notes.len() as u64)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields("event".to_owned());
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn noted(work: impl FnOnce()) -> Vec<String> {
    let notes = Notes::default();
    tracing::subscriber::with_default(notes.clone(), work);
    let notes = notes.0.lock().unwrap();
    notes.clone()
}

#[test]
fn a_fit_and_a_choice_tell_their_stages() {
    let (x, y) = regression(3, 300, 20, 2);
    let ridge = || Ridge::new().alphas([10.0, 100.0]).strategy(Strategy::Cholesky).backend(Backend::Cpu);
    assert_eq!(
        noted(|| drop(ridge().fit(&x, &y).unwrap())),
        [
            "fit rows=300 features=20 targets=2 lambdas=2",
            "equations form=Primal",
            "gram rows=300 features=20 targets=2",
            "path strategy=Cholesky lambdas=2"
        ]
    );
    let notes = noted(|| drop(CrossValidation::new(ridge()).leave_one_out().fit(&x, &y).unwrap()));
    assert_eq!(notes[0], "choose rows=300 features=20");
}

#[test]
fn a_safer_route_is_an_event() {
    // Two columns that are all but the same.
    let x = DMatrix::from_fn(30, 2, |i, j| (i as f64).sin() + 1e-9 * (j * i) as f64);
    let y = x.column(0).into_owned();
    let notes = noted(|| drop(Ridge::new().alphas([1e-14]).backend(Backend::Cpu).fit(&x, &y).unwrap()));
    assert!(notes.iter().any(|note| note.starts_with("event") && note.contains("a safer route")), "{notes:?}");
}
