//! What files hold: tables for a fit or a prediction, penalties, models.

// From the bytes of a file to the rows of a fit.
pub(crate) mod arrow_blocks;
pub(crate) mod arrow_file;
pub(crate) mod arrow_messages;
pub(crate) mod assembly;
pub(crate) mod batch_file;
pub(crate) mod categories;
pub(crate) mod cell_rules;
pub(crate) mod column_roles;
pub(crate) mod compression;
pub(crate) mod csv_blocks;
pub(crate) mod csv_file;
pub(crate) mod csv_numbers;
pub(crate) mod csv_rows;
#[cfg(test)]
mod csv_tests;
pub(crate) mod data;
pub(crate) mod decimal;
pub(crate) mod decoded_column;
pub(crate) mod delimiter;
pub(crate) mod dropped_rows;
pub(crate) mod files;
pub(crate) mod guarded;
pub(crate) mod header;
pub(crate) mod labels;
pub(crate) mod line_numbers;
pub(crate) mod number_block;
pub(crate) mod number_column;
pub(crate) mod other_formats;
pub(crate) mod parquet_batches;
pub(crate) mod parquet_column;
pub(crate) mod parquet_file;
pub(crate) mod penalty_factors;
pub(crate) mod prediction_batches;
pub(crate) mod row_batches;
pub(crate) mod shared_file;
pub(crate) mod spool;
pub(crate) mod sums_memory;
pub(crate) mod table;
pub(crate) mod table_builder;
pub(crate) mod table_source;
pub(crate) mod text_file;

// Other files.
pub(crate) mod device;
pub(crate) mod moments_file;
pub(crate) mod penalty_file;
pub(crate) mod saved_model;
