//! x
#![allow(dead_code, unused)]
#[path = "suite/support.rs"] mod support;
#[path = "suite/solve/many.rs"] mod many;
