//! The function as DataFusion calls it, without DataFusion.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, LargeBinaryArray};
use arrow_schema::{DataType, Field, FieldRef, Schema};
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::function::AccumulatorArgs;
use datafusion_expr::{Accumulator, AggregateUDF, EmitTo, GroupsAccumulator};
use ridgepath::{Moments, Problem, View};
use ridgepath_datafusion::{ridge_moments, ridge_moments_of};

fn fields(count: usize) -> Vec<FieldRef> {
    (0..count).map(|number| Arc::new(Field::new(format!("c{number}"), DataType::Float64, true))).collect()
}

fn with_args<T>(count: usize, is_distinct: bool, make: impl FnOnce(AccumulatorArgs<'_>) -> T) -> T {
    let (schema, fields) = (Schema::new(fields(count)), fields(count));
    make(AccumulatorArgs {
        return_field: Arc::new(Field::new("moments", DataType::LargeBinary, true)),
        schema: &schema,
        ignore_nulls: false,
        order_bys: &[],
        is_reversed: false,
        name: "moments",
        is_distinct,
        exprs: &[],
        expr_fields: &fields,
    })
}

fn one(function: &AggregateUDF, count: usize) -> Box<dyn Accumulator> {
    with_args(count, false, |args| function.accumulator(args)).unwrap()
}

fn groups(function: &AggregateUDF, count: usize) -> Box<dyn GroupsAccumulator> {
    with_args(count, false, |args| function.create_groups_accumulator(args)).unwrap()
}

/// Columns of numbers that are no pattern.
fn columns(count: usize, rows: usize) -> Vec<ArrayRef> {
    let value = |column: usize, row: usize| ((row * 37 + column * 101 + row * row * (column + 3)) % 211) as f64 / 7.0;
    (0..count)
        .map(|column| Arc::new(Float64Array::from_iter_values((0..rows).map(|row| value(column, row)))) as ArrayRef)
        .collect()
}

fn sliced(columns: &[ArrayRef], start: usize, rows: usize) -> Vec<ArrayRef> {
    columns.iter().map(|column| column.slice(start, rows)).collect()
}

/// The moments of some rows, on one machine: a target, then features.
fn alone(columns: &[ArrayRef], rows: impl Iterator<Item = usize> + Clone) -> Moments {
    let value = |column: &ArrayRef, row: usize| column.as_primitive::<arrow_array::types::Float64Type>().value(row);
    let y: Vec<f64> = rows.clone().map(|row| value(&columns[0], row)).collect();
    let x: Vec<f64> = rows.flat_map(|row| columns[1..].iter().map(move |column| value(column, row))).collect();
    let mut moments = Moments::new(columns.len() - 1, 1);
    moments.push(&Problem::new(View::row_major(&x, y.len(), columns.len() - 1).unwrap(), &y[..]).unwrap()).unwrap();
    moments
}

fn of_scalar(value: &ScalarValue) -> Moments {
    let ScalarValue::LargeBinary(Some(bytes)) = value else { panic!("found {value:?}") };
    Moments::from_bytes(bytes).unwrap()
}

fn assert_close(found: &Moments, wanted: &Moments) {
    assert_eq!((found.rows(), found.features(), found.targets()), (wanted.rows(), wanted.features(), wanted.targets()));
    let (gram, other) = (found.gram_matrix(), wanted.gram_matrix());
    assert!((&gram - &other).norm() <= 1e-13 * other.norm());
    let (cross, other) = (found.cross_matrix(), wanted.cross_matrix());
    assert!((&cross - &other).norm() <= 1e-13 * wanted.gram_matrix().norm().max(other.norm()));
    for j in 0..wanted.features() {
        assert!((found.mean_x(j) - wanted.mean_x(j)).abs() <= 1e-13 * wanted.mean_x(j).abs());
    }
}

#[test]
fn sums_of_parts_merge_into_those_of_all_rows() -> Result<()> {
    let (function, all) = (ridge_moments(), columns(4, 700));
    let mut last = one(&function, 4);
    for (start, rows) in [(0, 3), (3, 0), (3, 30), (33, 600), (633, 67)] {
        let mut part = one(&function, 4);
        part.update_batch(&sliced(&all, start, rows))?;
        let states = part.state()?.iter().map(ScalarValue::to_array).collect::<Result<Vec<_>>>()?;
        last.merge_batch(&states)?;
    }
    assert_close(&of_scalar(&last.evaluate()?), &alone(&all, 0..700));
    Ok(())
}

#[test]
fn a_value_may_be_asked_for_while_rows_still_come() -> Result<()> {
    let all = columns(3, 100);
    let mut sums = one(&ridge_moments(), 3);
    assert_eq!(sums.evaluate()?, ScalarValue::LargeBinary(None));
    for end in [2, 40, 100] {
        let start = [2, 40, 100].iter().rev().find(|start| **start < end).copied().unwrap_or(0);
        sums.update_batch(&sliced(&all, start, end - start))?;
        assert_close(&of_scalar(&sums.evaluate()?), &alone(&all, 0..end));
    }
    Ok(())
}

#[test]
fn each_group_has_its_rows_whether_they_were_filtered_merged_or_emitted_early() -> Result<()> {
    let (function, all, rows, count) = (ridge_moments(), columns(4, 2000), 2000, 50);
    let group_of = |row: usize| row * row % 97 % count;
    let kept = |row: usize| row % 5 != 3;
    let filter = BooleanArray::from_iter((0..rows).map(|row| if row % 10 == 3 { None } else { Some(kept(row)) }));
    let mut last = groups(&function, 4);
    for (start, length) in [(0, 900), (900, 20), (920, 1080)] {
        let mut part = groups(&function, 4);
        let indices: Vec<usize> = (start..start + length).map(group_of).collect();
        part.update_batch(&sliced(&all, start, length), &indices, Some(&filter.slice(start, length)), count)?;
        let early = part.state(EmitTo::First(7))?;
        last.merge_batch(&early, &(0..7).collect::<Vec<_>>(), count)?;
        let late = part.state(EmitTo::All)?;
        last.merge_batch(&late, &(7..count).collect::<Vec<_>>(), count)?;
    }
    let first = last.evaluate(EmitTo::First(20))?;
    let rest = last.evaluate(EmitTo::All)?;
    for group in 0..count {
        let column = if group < 20 { first.as_binary::<i64>() } else { rest.as_binary::<i64>() };
        let place = if group < 20 { group } else { group - 20 };
        let own = (0..rows).filter(|row| group_of(*row) == group && kept(*row));
        if own.clone().next().is_none() {
            assert!(column.is_null(place));
        } else {
            assert_close(&Moments::from_bytes(column.value(place)).unwrap(), &alone(&all, own));
        }
    }
    Ok(())
}

#[test]
fn rows_become_states_without_being_summed() -> Result<()> {
    let function = ridge_moments();
    let mut all = columns(3, 200);
    all[1] = Arc::new(Float64Array::from_iter((0..200).map(|row| (row != 17).then_some(row as f64))));
    let sums = groups(&function, 3);
    let states = sums.convert_to_state(&all, Some(&BooleanArray::from_iter((0..200).map(|row| Some(row != 5)))))?;
    assert_eq!((states[0].len(), states[0].null_count()), (200, 2));
    let mut last = groups(&function, 3);
    last.merge_batch(&states, &[0; 200], 1)?;
    let value = last.evaluate(EmitTo::All)?;
    let own = (0..200).filter(|row| ![5, 17].contains(row));
    assert_close(&Moments::from_bytes(value.as_binary::<i64>().value(0)).unwrap(), &alone(&all, own));
    Ok(())
}

#[test]
fn memory_that_is_told_grows_with_the_groups_and_goes_with_them() -> Result<()> {
    let (all, features) = (columns(11, 4000), 10);
    let mut sums = groups(&ridge_moments(), 11);
    let before = sums.size();
    sums.update_batch(&all, &(0..4000).map(|row| row % 40).collect::<Vec<_>>(), None, 40)?;
    let held = sums.size();
    assert!(held >= before + 40 * 8 * features * features, "{held}");
    sums.update_batch(&all, &(0..4000).map(|row| row % 40).collect::<Vec<_>>(), None, 40)?;
    // Moments do not grow with rows; those that wait are few.
    assert!(sums.size() <= held + 40 * 8 * 11 * 32, "{} after {held}", sums.size());
    sums.state(EmitTo::First(39))?;
    assert!(sums.size() < held / 10, "{} after {held}", sums.size());
    sums.state(EmitTo::All)?;
    assert_eq!(sums.size(), before);
    Ok(())
}

#[test]
fn states_that_were_changed_are_refused() -> Result<()> {
    let (function, all) = (ridge_moments(), columns(3, 300));
    for rows in [2, 300] {
        let mut sums = one(&function, 3);
        sums.update_batch(&sliced(&all, 0, rows))?;
        let ScalarValue::LargeBinary(Some(bytes)) = sums.state()?.remove(0) else { panic!("no state") };
        let merged = |bytes: &[u8], count: usize| {
            let states: ArrayRef = Arc::new(LargeBinaryArray::from_vec(vec![bytes]));
            (
                one(&function, count).merge_batch(&[Arc::clone(&states)]),
                groups(&function, count).merge_batch(&[states], &[0], 1),
            )
        };
        assert!(matches!(merged(&bytes, 3), (Ok(()), Ok(()))));
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            assert!(matches!(merged(&changed, 3), (Err(_), Err(_))), "byte {place} of {rows} rows");
            assert!(matches!(merged(&bytes[..place], 3), (Err(_), Err(_))), "{place} bytes of {rows} rows");
        }
        let (error, _) = merged(&bytes, 4);
        assert!(error.unwrap_err().to_string().contains("features"), "another number of columns");
    }
    Ok(())
}

#[test]
fn rows_of_numbers_that_no_row_has_are_refused_though_their_checksum_is_right() {
    for value in [f64::NAN, f64::INFINITY] {
        let mut bytes = b"\x89RPROWS\n".to_vec();
        let rest: Vec<u8> = [0_u32, 1, 1]
            .iter()
            .flat_map(|count| count.to_le_bytes())
            .chain([value, 1.0].iter().flat_map(|number| number.to_le_bytes()))
            .collect();
        bytes.extend(crc32fast::hash(&rest).to_le_bytes());
        bytes.extend(rest);
        let states: ArrayRef = Arc::new(LargeBinaryArray::from_vec(vec![&bytes]));
        let error = one(&ridge_moments(), 2).merge_batch(&[states]).unwrap_err().to_string();
        assert!(error.contains("numbers that no row has"), "{error}");
    }
}

#[test]
fn a_number_that_is_not_finite_is_refused_by_the_name_of_its_column() {
    for (place, value) in [(0, f64::NAN), (2, f64::NEG_INFINITY)] {
        let mut all = columns(3, 10);
        all[place] = Arc::new(Float64Array::from_iter_values((0..10).map(|row| if row == 4 { value } else { 1.0 })));
        let mut errors = vec![one(&ridge_moments(), 3).update_batch(&all).unwrap_err()];
        errors.push(groups(&ridge_moments(), 3).update_batch(&all, &[0; 10], None, 1).unwrap_err());
        errors.push(groups(&ridge_moments(), 3).convert_to_state(&all, None).unwrap_err());
        for error in errors {
            let wanted = format!("column 'c{place}': found {value:?}, wanted a finite number");
            assert!(error.to_string().contains(&wanted), "{error}");
        }
        // Where the row is filtered out, or has a NULL beside it, it does not count.
        let filter = BooleanArray::from_iter((0..10).map(|row| Some(row != 4)));
        groups(&ridge_moments(), 3).update_batch(&all, &[0; 10], Some(&filter), 1).unwrap();
    }
}

#[test]
fn means_too_far_apart_are_told_by_the_name_of_their_column() {
    let far = |value: f64| -> Vec<ArrayRef> {
        let column = |value: f64| Arc::new(Float64Array::from_iter_values((0..40).map(|_| value))) as ArrayRef;
        vec![column(1.0), column(2.0), column(value)]
    };
    let mut sums = one(&ridge_moments(), 3);
    sums.update_batch(&far(-1.5e308)).unwrap();
    let error = sums.update_batch(&far(1.5e308)).unwrap_err().to_string();
    assert!(error.contains("column 'c2'"), "{error}");
}

#[test]
fn weights_multiply_rows_and_a_weight_of_zero_leaves_one_out() -> Result<()> {
    let plain = columns(4, 90);
    let weights: ArrayRef = Arc::new(Float64Array::from_iter_values((0..90).map(|row| (row % 3) as f64)));
    let all: Vec<ArrayRef> = std::iter::once(weights).chain(plain.iter().cloned()).collect();
    let function = ridge_moments_of(1, true);
    assert_eq!(function.name(), "ridge_moments_weighted");
    let mut sums = one(&function, 5);
    sums.update_batch(&all)?;
    let found = of_scalar(&sums.evaluate()?);
    // A weight of 2 is a row that is there twice.
    let twice = (0..90).flat_map(|row| std::iter::repeat_n(row, row % 3)).collect::<Vec<_>>();
    let wanted = alone(&plain, twice.into_iter());
    assert_eq!((found.rows(), found.weight_sum()), (60, 90.0));
    assert!((found.gram_matrix() - wanted.gram_matrix()).norm() <= 1e-13 * wanted.gram_matrix().norm());
    let negative = vec![Arc::new(Float64Array::from(vec![-1.0])) as ArrayRef];
    let row: Vec<ArrayRef> = negative.into_iter().chain(sliced(&plain, 0, 1)).collect();
    assert!(
        sums.update_batch(&row).unwrap_err().to_string().contains("column 'c0': found -1.0, wanted a finite weight")
    );
    Ok(())
}

#[test]
fn types_are_read_as_doubles_or_refused_by_the_name_of_the_column() {
    let function = ridge_moments();
    let numbers = [DataType::Int8, DataType::UInt64, DataType::Float32, DataType::Decimal128(9, 2), DataType::Boolean];
    assert_eq!(function.coerce_types(&numbers).unwrap(), vec![DataType::Float64; 5]);
    let fields = |last: DataType| -> Vec<FieldRef> {
        vec![Arc::new(Field::new("y", DataType::Float64, true)), Arc::new(Field::new("shop", last, true))]
    };
    assert_eq!(function.return_field(&fields(DataType::Int32)).unwrap().data_type(), &DataType::LargeBinary);
    for kind in [DataType::Utf8, DataType::Date32, DataType::Binary] {
        let error = function.return_field(&fields(kind.clone())).unwrap_err().to_string();
        assert!(error.contains(&format!("column 'shop' holds {kind}, wanted numbers")), "{error}");
    }
    for count in 0..2 {
        let error = function.coerce_types(&vec![DataType::Float64; count]).unwrap_err().to_string();
        assert!(
            error.contains(&format!("found {count} arguments, wanted 2 or more: a target and features")),
            "{error}"
        );
    }
    let error = ridge_moments_of(2, true).coerce_types(&vec![DataType::Float64; 3]).unwrap_err().to_string();
    assert!(
        error.contains(
            "ridge_moments_2_weighted: found 3 arguments, wanted 4 or more: a weight, 2 targets and features"
        ),
        "{error}"
    );
}

#[test]
fn distinct_is_refused() {
    let error = with_args(3, true, |args| ridge_moments().accumulator(args).err().unwrap().to_string());
    assert!(error.contains("ridge_moments(DISTINCT"), "{error}");
}
