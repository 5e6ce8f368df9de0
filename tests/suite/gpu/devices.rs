//! Devices of the caller's own, made to fail, and a clock that turns a hang into a failure.

use std::panic::resume_unwind;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ridgepath::gpu::{GpuOptions, wgpu};
use ridgepath::{Backend, Error, Fallback, Gpu, Penalty, Rates, Ridge, Strategy};

use crate::support::{gpu, regression};

/// No test that is watched takes a tenth of this, even on a software adapter.
const HANG: Duration = Duration::from_secs(120);

/// Runs a test, and fails if it does not come to an end.
#[track_caller]
pub(crate) fn watched(test: impl FnOnce() + Send + 'static) {
    within(HANG, test);
}

#[track_caller]
fn within(time: Duration, test: impl FnOnce() + Send + 'static) {
    let (sender, ended) = mpsc::channel::<()>();
    let running = thread::spawn(move || {
        let _sender = sender; // dropped at the end, also of a panic
        test();
    });
    let hangs = ended.recv_timeout(time) == Err(mpsc::RecvTimeoutError::Timeout);
    assert!(!hangs, "hangs: not done after {time:?}");
    if let Err(panic) = running.join() {
        resume_unwind(panic);
    }
}

/// The adapter under test, if its shaders have 64-bit floats.
pub(crate) fn wide() -> Option<Gpu> {
    let gpu = gpu()?;
    if !gpu.adapter().limits.shader_f64 {
        eprintln!("!!! NOT TESTED: the shaders of {} have no 64-bit floats", gpu.adapter());
        return None;
    }
    Some(gpu)
}

/// A storage buffer with these contents.
pub(crate) fn uploaded<T: bytemuck::Pod>(gpu: &Gpu, values: &[T]) -> wgpu::Buffer {
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
    let size = size_of_val(values).next_multiple_of(4) as u64;
    let buffer =
        gpu.device().create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false });
    gpu.queue().write_buffer(&buffer, 0, bytemuck::cast_slice(values));
    buffer
}

/// A device of its own on the adapter under test, with its default limits changed.
pub(crate) fn own_device(change: impl FnOnce(&mut wgpu::Limits)) -> Option<(wgpu::Device, wgpu::Queue)> {
    own_instance(wgpu::MemoryBudgetThresholds::default(), change)
}

/// A device of its own on the adapter under test, from an instance with these thresholds.
pub(crate) fn own_instance(
    memory_budget_thresholds: wgpu::MemoryBudgetThresholds,
    change: impl FnOnce(&mut wgpu::Limits),
) -> Option<(wgpu::Device, wgpu::Queue)> {
    let wanted = gpu()?;
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        memory_budget_thresholds,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    let adapter =
        adapters.into_iter().find(|own| own.get_info().name == wanted.adapter().name).expect("the same adapter");
    let mut required_limits = wgpu::Limits::default().or_worse_values_from(&adapter.limits());
    change(&mut required_limits);
    let descriptor = wgpu::DeviceDescriptor { required_limits, ..Default::default() };
    Some(pollster::block_on(adapter.request_device(&descriptor)).expect("a device with lower limits"))
}

#[test]
#[should_panic(expected = "hangs: not done after 10ms")]
fn a_hang_is_found() {
    within(Duration::from_millis(10), || thread::sleep(Duration::from_secs(5)));
}

#[test]
#[should_panic(expected = "of the test")]
fn a_panic_in_a_watched_test_is_its_own() {
    watched(|| panic!("of the test"));
}

#[test]
fn an_adapter_is_opened_by_its_name_and_what_there_is_is_told_where_it_is_not_there() {
    let Some(best) = gpu() else { return };
    let open = |name: &str| {
        pollster::block_on(Gpu::open_with(&GpuOptions { allow_software: true, adapter: Some(name.into()) }))
    };
    let name = &best.adapter().name;
    for own in [name.clone(), name.to_uppercase(), "0".into()] {
        assert_eq!(&open(&own).unwrap().adapter().name, name);
    }
    let error = open("no such card").unwrap_err();
    assert!(matches!(&error, Error::NoAdapter { reason } if reason.contains(name)), "{error}");

    let (x, y) = regression(5, 600, 576, 1);
    let ridge = Ridge::new().penalty(Penalty::Auto(180)).strategy(Strategy::Cholesky).allow_software_gpu(true);
    let ridge = ridge.rates(Rates { factor: 5e9, ..Rates::default() });
    let named = ridge.clone().backend(Backend::Gpu).adapter("no such card");
    assert_eq!(named.plan(ridge.shape(&x, &y)).unwrap_err(), error);
    let named = ridge.clone().adapter("no such card").plan(ridge.shape(&x, &y)).unwrap();
    assert_eq!((named.backend, named.fallbacks), (Backend::Cpu, vec![Fallback::Device { reason: error.to_string() }]));
    let named = ridge.clone().backend(Backend::Gpu).adapter(name).plan(ridge.shape(&x, &y)).unwrap();
    assert_eq!((named.backend, named.fallbacks), (Backend::Gpu, vec![]));
}
