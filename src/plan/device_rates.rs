//! How fast a GPU is at what a plan counts.

use std::fmt;

use crate::error::{Error, Result};

/// What estimated times on a GPU count with: as measured on a device, or as its maker's data sheet has it, less what kernels do not
/// reach of that. There is no default: devices differ a hundredfold.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct DeviceRates {
    /// Floating-point operations a second of matrix kernels in 32 bits.
    pub single: f64,
    /// Floating-point operations a second of matrix kernels in 64 bits; 0 where shaders have none. Of 32 bits that is a half on cards for data centres, and a thirty-second or less
    /// on others.
    pub double: f64,
    /// Operations a second on packed bytes (`dot4I8Packed`), a multiply-add being two; 0 where unknown.
    pub dot4: f64,
    /// Bytes a second from the host's memory to the device's,
    pub upload: f64,
    /// and back.
    pub download: f64,
    /// Seconds that a dispatch takes at least when it waits for the one before.
    pub dispatch: f64,
    /// Seconds of a submission that the host waits for.
    pub round_trip: f64,
}

impl DeviceRates {
    /// Of several devices that share work, as one: what they do in a second together, and what each waits for; `None` of none. In 64
    /// bits, and in bytes, they work together where all can.
    #[must_use]
    pub fn together(devices: &[Self]) -> Option<Self> {
        let sum = |of: fn(&Self) -> f64| devices.iter().map(of).sum::<f64>();
        let all = |of: fn(&Self) -> f64| if devices.iter().all(|own| of(own) > 0.0) { sum(of) } else { 0.0 };
        let most = |of: fn(&Self) -> f64| devices.iter().map(of).fold(0.0, f64::max);
        (!devices.is_empty()).then(|| Self {
            single: sum(|own| own.single),
            double: all(|own| own.double),
            dot4: all(|own| own.dot4),
            upload: sum(|own| own.upload),
            download: sum(|own| own.download),
            dispatch: most(|own| own.dispatch),
            round_trip: most(|own| own.round_trip),
        })
    }

    /// Finds numbers that no device has.
    ///
    /// # Errors
    /// [`Error::InvalidRate`] for one that is not finite and positive; `double` and `dot4` may be 0.
    pub fn check(&self) -> Result<()> {
        let Self { single, double, dot4, upload, download, dispatch, round_trip } = *self;
        let positive = [
            ("single", single),
            ("upload", upload),
            ("download", download),
            ("dispatch", dispatch),
            ("round_trip", round_trip),
        ];
        let known = [("double", double), ("dot4", dot4)];
        let wrong =
            |(_, value): &(&str, f64), least: bool| !(value.is_finite() && (*value > 0.0 || least && *value == 0.0));
        let found =
            positive.into_iter().find(|own| wrong(own, false)).or(known.into_iter().find(|own| wrong(own, true)));
        match found {
            Some((name, value)) => Err(Error::InvalidRate { name, value }),
            None => Ok(()),
        }
    }
}

impl fmt::Display for DeviceRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { single, double, dot4, upload, download, dispatch, round_trip } = self;
        write!(f, "single {single:.1e}, double {double:.1e}, dot4 {dot4:.1e} operations a second; ")?;
        write!(
            f,
            "{upload:.1e} bytes a second up, {download:.1e} down; {dispatch:.1e} s a dispatch, {round_trip:.1e} s a wait"
        )
    }
}
