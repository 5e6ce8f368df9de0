//! Moments that are written and read again.

use proptest::prelude::*;
use ridgepath::{Error, Moments, Problem, Ridge};

use crate::support::{Random, regression};

/// The moments of some rows, with weights of which some are 0 and a column that is constant.
fn moments(seed: u64, (m, n, t): (usize, usize, usize)) -> Moments {
    let (mut x, y) = regression(seed, m, n, t);
    x.column_mut(n - 1).fill(7.5);
    let mut weights = Random::new(seed).weights(m);
    weights[m / 2] = 0.0;
    let mut moments = Moments::new(n, t);
    moments.push(&Problem::new(&x, &y).unwrap().with_weights(&weights).unwrap()).unwrap();
    moments
}

#[track_caller]
fn refused(bytes: &[u8], wanted: &str) {
    match Moments::from_bytes(bytes) {
        Err(Error::Document { what: "moments", detail }) => assert!(detail.contains(wanted), "{detail}"),
        other => panic!("{other:?}"),
    }
}

/// Bytes with the checksum that they should have.
fn summed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = crc32(&bytes[16..]);
    bytes[12..16].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// The CRC-32 of IEEE 802.3, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes
        .iter()
        .fold(!0, |sum: u32, byte| (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 * (sum & 1))))
}

#[test]
fn what_was_written_is_read_bit_for_bit_and_fits_the_same_path() {
    for shape in [(30, 4, 2), (5, 1, 1), (9, 12, 3)] {
        let written = moments(41, shape);
        let bytes = written.to_bytes();
        let read = Moments::from_bytes(&bytes).unwrap();
        assert_eq!(read, written);
        assert_eq!(read.to_bytes(), bytes);
        let path = |moments: &Moments| Ridge::new().lambdas([1.0, 0.1]).fit_moments(moments).unwrap();
        assert_eq!(path(&read).coefficients(1, 0), path(&written).coefficients(1, 0));
    }
}

#[test]
fn moments_after_each_other_are_read_one_by_one() {
    let (first, second) = (moments(1, (20, 3, 1)), Moments::new(2, 2));
    let bytes = [first.to_bytes(), second.to_bytes()].concat();
    let (read, rest) = Moments::from_prefix(&bytes).unwrap();
    assert_eq!(read, first);
    assert_eq!(Moments::from_bytes(rest).unwrap(), second);
    refused(&bytes, "bytes follow their end");
}

/// Written by version 0.1.0; every later one reads it.
const GOLDEN: &[u8] = include_bytes!("../../golden/moments-1.bin");

#[test]
fn moments_of_the_first_version_stay_readable() {
    let read = Moments::from_bytes(GOLDEN).unwrap();
    assert_eq!((read.rows(), read.features(), read.targets(), read.weight_sum()), (4, 2, 1, 3.5));
    // Rows (1, 8, 2), (2, 8, 3), (4, 9, 7) and, of weight 0.5, (8, 5, 1).
    let (x, y) = ([1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 9.0, 5.0], [2.0, 3.0, 7.0, 1.0]);
    let x = ridgepath::View::column_major(&x, 4, 2).unwrap();
    let mut wanted = Moments::new(2, 1);
    wanted.push(&Problem::new(x, &y).unwrap().with_weights(&[1.0, 1.0, 1.0, 0.5]).unwrap()).unwrap();
    for (i, j) in [(0, 0), (1, 0), (1, 1)] {
        assert!((read.gram(i, j) - wanted.gram(i, j)).abs() <= 1e-13 * wanted.gram(0, 0));
    }
    assert!((read.cross(0, 0) - wanted.cross(0, 0)).abs() <= 1e-13 * wanted.gram(0, 0));
    assert_eq!((read.mean_x(0), read.mean_y(0)), (11.0 / 3.5, 12.5 / 3.5));
}

#[test]
fn every_flipped_bit_is_found() {
    let bytes = moments(2, (12, 3, 2)).to_bytes();
    for bit in 0..8 * bytes.len() {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Moments::from_bytes(&damaged).is_err(), "bit {bit}");
    }
}

#[test]
fn every_part_of_moments_is_too_short() {
    let bytes = moments(3, (12, 3, 2)).to_bytes();
    for length in 0..bytes.len() {
        assert!(Moments::from_bytes(&bytes[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let bytes = moments(4, (12, 3, 2)).to_bytes();
    let with = |at: usize, new: &[u8]| {
        let mut changed = bytes.clone();
        changed[at..at + new.len()].copy_from_slice(new);
        summed(changed)
    };
    refused(b"x,y\n1,2\n", "they begin with [78, 2C, 79, 0A");
    refused(&with(8, &2_u32.to_le_bytes()), "version 2");
    refused(&with(32, &u64::MAX.to_le_bytes()), "too few for");
    refused(&with(32, &(1_u64 << 40).to_le_bytes()), "too few for");
    refused(&with(24, &13_u64.to_le_bytes()), "13 of 12 rows");
    refused(&with(48, &f64::NAN.to_le_bytes()), "the sum of the weights is NaN");
    refused(&with(48, &0.0_f64.to_le_bytes()), "whose sum is 0.0");
    refused(&with(56, &f64::INFINITY.to_le_bytes()), "mean number 0 is inf");
    refused(&with(56 + 2 * 5 * 8, &i32::MIN.to_le_bytes()), "column 0 is in units of 2^");
    let gram = 56 + 5 * 20;
    refused(&with(gram, &(-1.0_f64).to_le_bytes()), "the sum of squares of column 0 is -1.0");
    refused(&with(gram + 8, &1e9_f64.to_le_bytes()), "the sum of products of columns 1 and 0 is 1000000000.0");
    let mut sum = bytes.clone();
    sum[12] ^= 1;
    refused(&sum, "they are damaged");
}

proptest! {
    #[test]
    fn bytes_of_any_kind_are_moments_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut head = Moments::new(1, 1).to_bytes()[..12].to_vec();
        head.extend(bytes);
        if head.len() >= 16 {
            head = summed(head);
        }
        if let Ok(moments) = Moments::from_bytes(&head) {
            _ = Ridge::new().lambdas([1.0]).fit_moments(&moments);
        }
    }

    #[test]
    fn numbers_of_any_kind_in_moments_never_panic(places in proptest::collection::vec((0_usize..40, any::<u64>()), 1..4)) {
        let mut bytes = moments(5, (12, 2, 1)).to_bytes();
        for (place, number) in places {
            let at = 16 + 8 * (place % ((bytes.len() - 16) / 8));
            bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
        }
        if let Ok(mut moments) = Moments::from_bytes(&summed(bytes)) {
            let path = Ridge::new().lambdas([1.0]).fit_moments(&moments);
            let other = moments.clone();
            _ = moments.merge(&other);
            _ = moments.scale(1e300);
            _ = path.map(|path| path.coefficients(0, 0).to_vec());
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn documents_of_serde_hold_moments_and_refuse_what_are_none() {
    let written = moments(6, (12, 3, 2));
    let json = serde_json::to_string(&written).unwrap();
    assert_eq!(serde_json::from_str::<Moments>(&json).unwrap(), written);
    let compact = postcard::to_allocvec(&written).unwrap();
    assert_eq!(postcard::from_bytes::<Moments>(&compact).unwrap(), written);
    let spoilt = json.replacen("\"squares\":[", "\"squares\":[1.0,", 1);
    let error = serde_json::from_str::<Moments>(&spoilt).unwrap_err().to_string();
    assert!(error.contains("2 features and 3 targets with"), "{error}");
    let later = json.replace("ridgepath/moments/1", "ridgepath/moments/9");
    assert!(serde_json::from_str::<Moments>(&later).unwrap_err().to_string().contains("ridgepath/moments/9"));
}
