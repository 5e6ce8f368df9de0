//! How fast a device is, as measured, and what plans make of it.

use ridgepath::{Backend, Cost, DeviceRates, Error, Limits, Plan, Request, Ridge, Shape, Strategy};

use crate::support::{distance, gpu, regression};

/// A card whose shaders are as fast at doubles as the best are.
const FAST: DeviceRates = DeviceRates {
    single: 3e13,
    double: 1.5e13,
    dot4: 6e13,
    upload: 2e10,
    download: 2e10,
    dispatch: 6e-6,
    round_trip: 5e-5,
};
const LIMITS: Limits = Limits {
    storage_binding: 1 << 31,
    buffer: 1 << 40,
    workgroups: 65_535,
    workgroup_storage: 48 << 10,
    shader_f64: true,
};
const TALL: Shape = Shape { rows: 200_000, features: 500, targets: 1, penalties: 3, problems: 1 };

fn planned(shape: Shape, backend: Backend, device: Option<DeviceRates>, limits: Limits) -> Plan {
    Plan::new(shape, Request { backend, device, ..Request::default() }, Some(Ok(limits))).unwrap()
}

#[test]
fn a_device_is_measured_and_given_work_by_its_rates() {
    let Some(gpu) = gpu() else { return };
    let rates = pollster::block_on(DeviceRates::measure(&gpu)).unwrap();
    rates.check().unwrap();
    assert_eq!(rates.double > 0.0, gpu.adapter().limits.shader_f64);
    assert!(rates.single > 1e8 && rates.dot4 > 1e8 && rates.upload > 1e7 && rates.download > 1e7, "{rates}");
    assert!(rates.dispatch < 1.0 && rates.round_trip < 1.0, "{rates}");
    let (x, y) = regression(4, 90, 20, 2);
    let ridge = Ridge::new().alphas([0.1, 1.0, 10.0]);
    let found = ridge.clone().backend(Backend::Gpu).gpu(gpu).device_rates(rates).fit(&x, &y).unwrap();
    let wanted = ridge.backend(Backend::Cpu).fit(&x, &y).unwrap();
    for k in 0..3 {
        let apart = distance(found.coefficients(k, 1), wanted.coefficients(k, 1));
        assert!(apart <= found.error_bound(k, 1) + wanted.error_bound(k, 1), "{apart:e}");
    }
}

/// Rows alone are a reason to take a GPU that sums them.
#[test]
fn tall_data_go_to_a_gpu_that_sums_them_sooner() {
    for (device, limits, backend) in [
        (Some(FAST), LIMITS, Backend::Gpu),
        (None, LIMITS, Backend::Gpu),
        (None, Limits { shader_f64: false, ..LIMITS }, Backend::Cpu),
        // A twentieth of the CPU.
        (Some(DeviceRates { double: 6e9, dot4: 1e9, ..FAST }), LIMITS, Backend::Cpu),
        (Some(DeviceRates { upload: 1e7, ..FAST }), LIMITS, Backend::Cpu),
    ] {
        assert_eq!(planned(TALL, Backend::Auto, device, limits).backend, backend, "{device:?}");
    }
    let few = Shape { rows: 2000, ..TALL };
    assert_eq!(planned(few, Backend::Auto, Some(FAST), LIMITS).backend, Backend::Cpu);
}

#[test]
fn shaders_slow_at_doubles_leave_them_to_the_cpu_or_to_integers() {
    // So many columns that the host makes integers of the rows sooner than it sums them.
    let wide = Shape { rows: 50_000, features: 4000, ..TALL };
    let sums = |device| planned(wide, Backend::Gpu, Some(device), LIMITS).gpu.unwrap().gram;
    assert_eq!(sums(FAST).unwrap().moduli, None);
    let slow = DeviceRates { double: 1e10, dot4: 1e12, ..FAST };
    assert_eq!(sums(slow), None, "the CPU sums sooner than either");
    assert_eq!(sums(DeviceRates { dot4: 6e14, ..slow }).unwrap().moduli, Some(16));
}

#[test]
fn an_estimate_counts_what_the_plan_lists() {
    let shape = Shape { penalties: 300, ..TALL };
    let plan = planned(shape, Backend::Gpu, Some(FAST), LIMITS);
    let (gpu, estimate) = (plan.gpu.as_ref().unwrap(), plan.estimate(&FAST).unwrap());
    assert_eq!(plan.strategy, Strategy::Nodes);
    assert_eq!(estimate.factorizations, gpu.matrices as u64);
    assert_eq!(estimate.factor_dispatches, gpu.factor.dispatches);
    let Cost { dispatches, flops, .. } = gpu.gram.as_ref().unwrap().cost;
    assert!(estimate.dispatches > dispatches + gpu.factor.dispatches && estimate.device_flops > flops as f64);
    let given = (200_000 * 501 * 8) as u64;
    assert!((given..given + given / 100).contains(&estimate.bytes_up), "{}", plan.explain());
    assert!(estimate.host_flops < 0.1 * shape.flops(plan.form), "no Gram matrix of the host: {}", plan.explain());
    let twice = DeviceRates { upload: 2.0 * FAST.upload, single: 2.0 * FAST.single, ..FAST };
    assert!(plan.estimate(&twice).unwrap().seconds.total < estimate.seconds.total);
    assert!(plan.explain().contains("estimate ") && plan.explain().contains("device "), "{}", plan.explain());
    assert_eq!(planned(shape, Backend::Cpu, Some(FAST), LIMITS).estimate(&FAST), None);
}

#[test]
fn rates_that_no_device_has_are_refused() {
    for (device, name) in [
        (DeviceRates { single: 0.0, ..FAST }, "single"),
        (DeviceRates { double: f64::NAN, ..FAST }, "double"),
        (DeviceRates { upload: f64::INFINITY, ..FAST }, "upload"),
        (DeviceRates { dispatch: -1.0, ..FAST }, "dispatch"),
    ] {
        let request = Request { device: Some(device), ..Request::default() };
        match Plan::new(TALL, request, None) {
            Err(Error::InvalidRate { name: found, .. }) => assert_eq!(found, name),
            other => panic!("{name}: {other:?}"),
        }
    }
}
