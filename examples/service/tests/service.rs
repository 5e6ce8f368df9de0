//! The service, asked over a connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use ridgepath::{Backend, Ridge, Strategy};
use ridgepath_service::{Limits, Service, Status, serve};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

const LONG: Duration = Duration::from_secs(60);

/// A service at work, and what ends it.
struct Running {
    address: SocketAddr,
    service: Service,
    end: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

async fn start(ridge: Ridge, limits: Limits) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, service) = (listener.local_addr().unwrap(), Service::new(ridge, limits));
    let (end, ended) = oneshot::channel();
    let served = tokio::spawn(serve(listener, service.clone(), async move { ended.await.unwrap_or_default() }));
    Running { address, service, end, served }
}

fn on_cpu() -> Ridge {
    Ridge::new().backend(Backend::Cpu)
}

/// A solver that takes two milliseconds for each λ, and tells how many are done.
fn slow() -> (Ridge, Arc<AtomicUsize>) {
    let done = Arc::new(AtomicUsize::new(0));
    let told = done.clone();
    let ridge = on_cpu().strategy(Strategy::Cholesky).on_progress(move |done, _| {
        told.fetch_max(done, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(2));
    });
    (ridge, done)
}

/// Sends a request, whose answer is not read yet.
async fn send(address: SocketAddr, line: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}",
        body.len()
    );
    stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
    stream
}

async fn answer(mut stream: TcpStream) -> (u16, Value) {
    let mut text = String::new();
    timeout(LONG, stream.read_to_string(&mut text)).await.expect("in time").unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
    (status, serde_json::from_str(body).expect(body))
}

async fn post(running: &Running, body: &Value) -> (u16, Value) {
    answer(send(running.address, "POST /paths", &body.to_string()).await).await
}

fn asked(lambdas: usize) -> Value {
    let lambdas: Vec<f64> = (1..=lambdas).map(|k| k as f64).collect();
    json!({ "x": [[1, 0], [2, 1], [3, 0], [4, 2]], "y": [2, 4, 6, 9], "lambdas": lambdas })
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let wait = async {
        while !holds() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LONG, wait).await.unwrap_or_else(|_| panic!("{what}"));
}

#[tokio::test]
async fn every_lambda_is_answered_with_its_outcome_and_error_bound() {
    let running = start(on_cpu(), Limits::default()).await;
    // G = 5 and c = 11.5; the shift 2Wλ is 1 at λ = 1/8.
    let body = json!({ "x": [[1], [2], [3], [4]], "y": [2, 4, 6, 9], "lambdas": [0.125, 0.0] });
    let (status, found) = post(&running, &body).await;
    assert_eq!(status, 200, "{found}");
    assert_eq!(found["backend"]["name"], "cpu");
    for (at, coefficient) in [(0, 11.5 / 6.0), (1, 2.3)] {
        let entry = &found["path"][at];
        let number = |name: &str| entry[name].as_f64().unwrap();
        assert!((entry["coefficients"][0].as_f64().unwrap() - coefficient).abs() < 1e-13, "{entry}");
        assert!((number("intercept") - (5.25 - 2.5 * coefficient)).abs() < 1e-13, "{entry}");
        assert!((0.0..1e-12).contains(&number("error_bound")), "{entry}");
        assert_eq!((&entry["outcome"], &entry["lambda"]), (&json!("solved"), &body["lambdas"][at]));
    }
    // A λ without a unique answer is no error.
    let twice = json!({ "x": [[1, 1], [2, 2], [3, 3]], "y": [1, 2, 4], "lambdas": [0.0, 1.0] });
    let (status, found) = post(&running, &twice).await;
    assert_eq!((status, &found["path"][0]["outcome"]), (200, &json!({ "singular": { "order": 2 } })));
    assert_eq!((&found["path"][0]["coefficients"][0], &found["path"][1]["outcome"]), (&Value::Null, &json!("solved")));
}

#[tokio::test]
async fn what_cannot_be_answered_is_said_in_words() {
    let limits = Limits { body: 1000, coefficients: 100, ..Limits::default() };
    let running = start(on_cpu(), limits).await;
    let numbers = vec![1.0; 60];
    let wrong = [
        (json!({ "x": [[1, 2], [3]], "y": [1, 2], "lambdas": [1] }), 400, "x[row 1] has 1 numbers; wanted 2"),
        (json!({ "x": [[1], [2]], "y": [1, 2, 3], "lambdas": [1] }), 400, "found 3, wanted 2"),
        (json!({ "x": [[1], [2]], "y": [1, 2], "lambdas": [1, -1] }), 400, "lambda[1] is -1.0"),
        (json!({ "x": [[1], [2]], "y": [1, 2], "lambdas": [] }), 400, "the grid of penalties is empty"),
        (json!({ "x": [], "y": [], "lambdas": [1] }), 400, "0 rows and 0 columns"),
        (json!({ "x": [[1], [2]], "y": [1, 2] }), 400, "missing field `lambdas`"),
        (json!({ "x": [[1], [2]], "y": [1, 2], "lambda": [1] }), 400, "unknown field `lambda`"),
        (json!({ "x": [[1], [null]], "y": [1, 2], "lambdas": [1] }), 400, "x[1][0]: invalid type: null"),
        (json!({ "x": [numbers], "y": [1], "lambdas": [1, 2] }), 400, "60 features and 2 lambdas are more than 100"),
        (json!({ "x": vec![numbers; 5], "y": [1], "lambdas": [1] }), 413, "length limit exceeded"),
    ];
    for (body, status, words) in wrong {
        let found = post(&running, &body).await;
        assert_eq!(found.0, status, "{body}: {found:?}");
        assert!(found.1["error"].as_str().unwrap().contains(words), "{body}: {found:?}");
    }
    let (status, found) = answer(send(running.address, "POST /paths", "{").await).await;
    assert_eq!(status, 400, "{found}");
}

#[tokio::test]
async fn a_client_that_goes_away_ends_its_fit_and_makes_room() {
    let (ridge, done) = slow();
    let running = start(ridge, Limits { fits: 1, ..Limits::default() }).await;
    let lambdas = 100_000;
    let client = send(running.address, "POST /paths", &asked(lambdas).to_string()).await;
    until("the fit begins", || done.load(Ordering::Relaxed) > 0).await;
    assert_eq!(running.service.status(), Status { underway: 1, cancelled: 0 });
    let (status, found) = post(&running, &asked(1)).await;
    assert_eq!((status, &found), (503, &json!({ "error": "1 fits are at work, and no more may be; ask again later" })));

    drop(client);
    until("the fit ends", || running.service.status() == Status { underway: 0, cancelled: 1 }).await;
    assert!(done.load(Ordering::Relaxed) < lambdas);
    assert_eq!(post(&running, &asked(1)).await.0, 200);
    let (status, found) = answer(send(running.address, "GET /status", "").await).await;
    assert_eq!((status, found), (200, json!({ "underway": 0, "cancelled": 1 })));
}

#[tokio::test]
async fn requests_underway_are_answered_before_the_service_ends() {
    let (ridge, done) = slow();
    let running = start(ridge, Limits::default()).await;
    let client = send(running.address, "POST /paths", &asked(200).to_string()).await;
    until("the fit begins", || done.load(Ordering::Relaxed) > 0).await;
    running.end.send(()).unwrap();
    let (status, found) = answer(client).await;
    assert_eq!((status, found["path"].as_array().map(Vec::len)), (200, Some(200)));
    timeout(LONG, running.served).await.expect("in time").unwrap().unwrap();
    assert!(TcpStream::connect(running.address).await.is_err());
    assert_eq!(running.service.status(), Status { underway: 0, cancelled: 0 });
}
