//! Chooses λ without a coefficient leaving the device: rows lie in the program's own buffers, the path is recorded into its own
//! encoder, and its own kernel scores every λ on rows that were left out. What comes back are as many numbers as λs.
//!
//! `cargo run --release --example own_buffers`

use ridgepath::gpu::wgpu::{self, util::DeviceExt};
use ridgepath::gpu::{MatrixBuffer, MomentsBuffers, Recorder, RowBuffers, WeightBuffers};
use ridgepath::{Gpu, Model, Penalty, Shape};

const ROWS: usize = 200;
const LEFT_OUT: usize = 500;
const FEATURES: usize = 50;
const LAMBDAS: usize = 100;

/// The program's own kernel: the mean squared error of each λ, one thread each.
const SCORE: &str = "
    struct Report { status: u32, condition: f32 }
    @group(0) @binding(0) var<storage, read> x: array<f32>;            // [rows, features]
    @group(0) @binding(1) var<storage, read> y: array<f32>;            // [rows]
    @group(0) @binding(2) var<storage, read> weights: array<f32>;      // [λs, 1 target, features + 1], the intercept last
    @group(0) @binding(3) var<storage, read> reports: array<Report>;   // [λs]
    @group(0) @binding(4) var<storage, read_write> errors: array<f32>; // [λs]

    @compute @workgroup_size(64)
    fn score(@builtin(global_invocation_id) at: vec3u) {
        if at.x >= arrayLength(&reports) { return; }
        let rows = arrayLength(&y);
        let features = arrayLength(&x) / rows;
        let own = at.x * (features + 1);
        var sum = 0.0;
        for (var row = 0u; row < rows; row++) {
            var predicted = weights[own + features];
            for (var j = 0u; j < features; j++) { predicted += x[row * features + j] * weights[own + j]; }
            sum += (predicted - y[row]) * (predicted - y[row]);
        }
        errors[at.x] = select(-1.0, sum / f32(rows), reports[at.x].status == 0);
    }";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    pollster::block_on(run())
}

#[expect(clippy::cast_possible_truncation, reason = "λs are read as 32-bit floats")]
async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let Some((device, queue)) = device().await else {
        println!("no GPU adapter: a driver for Vulkan, Metal or DX12 is needed");
        return Ok(());
    };
    // Rows of features, of which five count, and targets with noise; the last rows are left out.
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as f32 / 2f32.powi(31) - 1.0
    };
    let x: Vec<f32> = (0..(ROWS + LEFT_OUT) * FEATURES).map(|_| random()).collect();
    let y: Vec<f32> = x.chunks(FEATURES).map(|x| 3.0 + x[..5].iter().sum::<f32>() + 4.0 * random()).collect();
    let lambdas: Vec<f32> = Penalty::log_grid(10.0, 1e-4, LAMBDAS)?.into_iter().map(|lambda| lambda as f32).collect();

    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
    let buffer = |values: &[f32]| {
        let contents = bytemuck::cast_slice(values);
        device.create_buffer_init(&wgpu::util::BufferInitDescriptor { label: None, contents, usage })
    };
    let (fitted, left_out) = (buffer(&x[..ROWS * FEATURES]), buffer(&x[ROWS * FEATURES..]));
    let (targets, targets_left_out) = (buffer(&y[..ROWS]), buffer(&y[ROWS..]));
    let (lambda_buffer, errors) = (buffer(&lambdas), buffer(&[0.0; LAMBDAS]));

    // Room for the work is made once; paths of this shape may then be recorded as often as there are new rows.
    let gpu = Gpu::from_device(device.clone(), queue.clone());
    let shape = Shape { rows: ROWS, features: FEATURES, targets: 1, penalties: LAMBDAS, problems: 1 };
    let recorder = Recorder::new(&gpu, shape, Model::default(), 1 << 28).await?;
    let moments = MomentsBuffers::new(&gpu, FEATURES, 1).await?;
    let weights = WeightBuffers::new(&gpu, FEATURES, 1, LAMBDAS).await?;
    let rows = RowBuffers {
        x: MatrixBuffer::row_major(&fitted, FEATURES),
        y: MatrixBuffer::column_major(&targets, ROWS),
        weights: None,
    };

    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    recorder.record(&mut encoder, &rows, &moments, &lambda_buffer, &weights)?;
    score(&device, &mut encoder, [&left_out, &targets_left_out, &weights.weights, &weights.reports, &errors]);
    let back = wgpu::util::DownloadBuffer::read_buffer;
    queue.submit([encoder.finish()]);

    let (sender, receiver) = std::sync::mpsc::channel();
    back(&device, &queue, &errors.slice(..), move |errors| drop(sender.send(errors)));
    device.poll(wgpu::PollType::wait_indefinitely())?;
    let errors = receiver.recv()??;
    let errors: &[f32] = bytemuck::cast_slice(&errors);
    let known = || errors.iter().zip(&lambdas).filter(|(error, _)| **error >= 0.0);
    let best = known().min_by(|(one, _), (other, _)| one.total_cmp(other)).ok_or("no λ has an answer")?;
    println!("{LAMBDAS} λ scored on {}; {} have an answer", gpu.adapter(), known().count());
    println!("the least error on rows left out is {:.4}, at λ = {:.4}", best.0, best.1);
    Ok(())
}

/// Workgroups of 64 threads, one thread for each λ.
const GROUPS: u32 = {
    assert!(LAMBDAS <= 64 * u16::MAX as usize);
    #[expect(clippy::cast_possible_truncation, reason = "checked in the line above")]
    let lambdas = LAMBDAS as u32;
    lambdas.div_ceil(64)
};

/// Records the program's own kernel with its buffers in their order.
fn score(device: &wgpu::Device, encoder: &mut wgpu::CommandEncoder, buffers: [&wgpu::Buffer; 5]) {
    let source = wgpu::ShaderSource::Wgsl(SCORE.into());
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &module,
        entry_point: None,
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    let resources = buffers.iter().map(|buffer| buffer.as_entire_binding());
    let entries: Vec<_> =
        resources.zip(0..).map(|(resource, binding)| wgpu::BindGroupEntry { binding, resource }).collect();
    let layout = &pipeline.get_bind_group_layout(0);
    let group = device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries });
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, &group, &[]);
    pass.dispatch_workgroups(GROUPS, 1, 1);
}

/// A device as a program would open it for its own purposes.
async fn device() -> Option<(wgpu::Device, wgpu::Queue)> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await.ok()?;
    adapter.request_device(&wgpu::DeviceDescriptor::default()).await.ok()
}
