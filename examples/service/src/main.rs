//! `ridgepath-service [ADDRESS]`: serves at 127.0.0.1:3000 unless told otherwise, until Ctrl-C or SIGTERM.

use std::env;
use std::error::Error;

use ridgepath::{Backend, Gpu, Ridge};
use ridgepath_service::{Limits, Service, serve};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".into());
    // Opened once, before the first request, and shared by all.
    let ridge = match Gpu::open(false).await {
        Ok(gpu) => Ridge::new().gpu(gpu),
        Err(error) => {
            eprintln!("{error}: the CPU answers");
            Ridge::new().backend(Backend::Cpu)
        }
    };
    let listener = TcpListener::bind(&address).await.map_err(|error| format!("{address}: {error}"))?;
    eprintln!("http://{}", listener.local_addr()?);
    serve(listener, Service::new(ridge, Limits::default()), asked_to_end()).await?;
    Ok(())
}

/// Ready at the first Ctrl-C or, where there are such signals, SIGTERM.
async fn asked_to_end() {
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => _ = signal.recv().await,
            Err(error) => {
                eprintln!("SIGTERM is not heard: {error}");
                std::future::pending().await
            }
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        heard = tokio::signal::ctrl_c() => if let Err(error) = heard {
            eprintln!("Ctrl-C is not heard: {error}");
        },
        () = terminated => (),
    }
}
