//! The stages on the GPU, a file for each shader: what it promises, its parameters and buffers, and how it is recorded.

pub mod centre;
pub mod coefficients;
pub mod correct;
pub mod equations;
pub mod factor;
pub mod frame;
pub mod gram;
pub mod product;
pub mod report;
pub mod residual;
pub mod residues;
pub mod solve;
