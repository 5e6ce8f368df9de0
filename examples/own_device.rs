//! Solves on a `wgpu` device that the program already has, next to its other work on it.
//!
//! `cargo run --release --example own_device`

use ridgepath::gpu::wgpu;
use ridgepath::{Backend, Gpu, Penalty, Precision, Ridge, View};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    pollster::block_on(run())
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    // 2,000 rows of 20 features, from a small generator of numbers in [-1, 1).
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as f32 / 2f32.powi(31) - 1.0
    };
    let (rows, features) = (2000, 20);
    let values: Vec<f32> = (0..rows * features).map(|_| random()).collect();
    let y: Vec<f32> = values.chunks(features).map(|x| x[0] - 2.0 * x[1] + 0.1 * random()).collect();
    let x = View::row_major(&values, rows, features)?;

    let ridge = Ridge::new().lambdas(Penalty::log_grid(10.0, 1e-4, 100)?).precision(Precision::Single);
    let ridge = match device().await {
        // The same device and queue can go on being used: handles to them are cheap to clone.
        Some((device, queue)) => ridge.backend(Backend::Gpu).gpu(Gpu::from_device(device, queue)),
        None => {
            println!("no GPU adapter: a driver for Vulkan, Metal or DX12 is needed; the CPU answers instead");
            ridge.backend(Backend::Cpu)
        }
    };
    let path = ridge.fit_async(x, &y).await?;
    let used = path.backend();
    println!("{} λ solved by {} ({})", path.len(), used.name, used.adapter.as_deref().unwrap_or("no adapter"));
    let last = path.len() - 1;
    println!("λ = {}: the first coefficients are {:.4?}", path.lambdas()[last], &path.coefficients(last, 0)[..3]);
    Ok(())
}

/// A device as a program would open it for its own purposes.
async fn device() -> Option<(wgpu::Device, wgpu::Queue)> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let options =
        wgpu::RequestAdapterOptions { power_preference: wgpu::PowerPreference::HighPerformance, ..Default::default() };
    let adapter = instance.request_adapter(&options).await.ok()?;
    let info = adapter.get_info();
    if info.device_type == wgpu::DeviceType::Cpu {
        println!("{} is a software adapter: it shows that the code works, the CPU backend is faster", info.name);
    }
    let opened = adapter.request_device(&wgpu::DeviceDescriptor::default()).await;
    opened.inspect_err(|error| println!("{} gave no device: {error}", info.name)).ok()
}
