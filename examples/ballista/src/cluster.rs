//! The processes of a cluster, and what makes `ridge_moments` known to each.

use std::env;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use ballista_core::registry::BallistaFunctionRegistry;
use ballista_core::utils::default_session_builder;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::start_server;
use datafusion::execution::FunctionRegistry;
use ridgepath_datafusion::ridge_moments;

use crate::Result;

/// How long a process may take to listen.
const START: Duration = Duration::from_secs(60);
/// Seconds without a heartbeat after which an executor counts as lost; Ballista waits 180 by itself.
const SILENCE: u64 = 10;

/// Plans queries: it knows the function from the session that it makes for each client.
pub(crate) async fn scheduler(port: u16) -> Result<()> {
    let known = |config| {
        let mut state = default_session_builder(config)?;
        state.register_udaf(Arc::new(ridge_moments()))?;
        Ok(state)
    };
    let config = SchedulerConfig {
        bind_port: port,
        override_session_builder: Some(Arc::new(known)),
        executor_timeout_seconds: SILENCE,
        expire_dead_executor_interval_seconds: 1,
        ..Default::default()
    };
    let cluster = BallistaCluster::new_from_config(&config).await?;
    Ok(start_server(cluster, SocketAddr::from((Ipv4Addr::LOCALHOST, port)), Arc::new(config)).await?)
}

/// Sums rows: it knows the function from its registry.
pub(crate) async fn executor(scheduler: u16, port: u16) -> Result<()> {
    let mut functions = BallistaFunctionRegistry::default();
    let function = ridge_moments();
    functions.aggregate_functions.insert(function.name().to_owned(), Arc::new(function));
    let config = ExecutorProcessConfig {
        scheduler_port: scheduler,
        port,
        grpc_port: free_port()?,
        vcores: 1,
        scheduler_connect_timeout_seconds: 60,
        executor_heartbeat_interval_seconds: 1,
        override_function_registry: Some(Arc::new(functions)),
        ..Default::default()
    };
    Ok(start_executor_process(Arc::new(config)).await?)
}

/// A scheduler and two executors, which end with this.
pub(crate) struct Cluster {
    pub(crate) port: u16,
    pub(crate) processes: Vec<Child>,
}

impl Cluster {
    pub(crate) fn start() -> Result<Self> {
        let port = free_port()?;
        let mut cluster = Self { port, processes: Vec::new() };
        cluster.add(&["scheduler", &port.to_string()], port)?;
        for _ in 0..2 {
            let own = free_port()?;
            cluster.add(&["executor", &port.to_string(), &own.to_string()], own)?;
        }
        Ok(cluster)
    }

    /// Starts this program in a role, and waits until it listens.
    fn add(&mut self, role: &[&str], port: u16) -> Result<()> {
        self.processes.push(Command::new(env::current_exe()?).args(role).stdin(Stdio::null()).spawn()?);
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if begun.elapsed() > START {
                return Err(format!("{} does not listen on port {port} after {START:?}", role[0]).into());
            }
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Ends an executor as a machine ends that loses its power.
    pub(crate) fn kill_an_executor(&mut self) -> Result<()> {
        let process = self.processes.last_mut().ok_or("no process is left")?;
        process.kill()?;
        process.wait()?;
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for process in self.processes.iter_mut().rev() {
            // One that has ended already is no error.
            let _ended = process.kill().and_then(|()| process.wait());
        }
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
