//! The program from end to end: the real binary, real files and pipes.

mod arguments;
mod bench;
mod choice_tests;
mod commands;
mod cv;
mod foreign;
mod fuzz;
mod gpu;
mod grid;
mod input;
mod json;
mod known;
mod many;
mod output;
mod penalties;
mod plan;
mod plot;
mod rates;
mod rooms;
mod same_file;
mod shaders;
mod support;
mod survival;
mod table;
mod whole_numbers;
