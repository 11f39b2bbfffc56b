//! Against real sockets: what a speaker may say, and what nobody should.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::Instant,
};

use reqwest::Url;

use super::*;

const METRICS: &str = "metallb_k8s_client_config_loaded_bool 1\n";

/// Answers one request each with what `answer` makes of it, until the test's process ends.
fn serve(mut answer: impl FnMut(&str, &mut TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or(0);
            answer(&String::from_utf8_lossy(&request[..length]), &mut stream);
        }
    });
    address
}

fn says(text: impl Into<String>) -> SocketAddr {
    let text = text.into();
    serve(move |_, stream| drop(stream.write_all(text.as_bytes())))
}

fn http(address: SocketAddr) -> Endpoint {
    let url = Url::parse(&format!("http://{address}/metrics")).unwrap();
    Endpoint { url, token_file: None, trust: Trust::Anybody }
}

fn read_all(endpoints: &[Endpoint]) -> Scrape {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Reader::default().read(endpoints, |_| true)).unwrap()
}

#[test]
fn each_way_not_to_be_readable_is_a_state_of_its_own() {
    let status = |status: &str, body: &str| {
        says(format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
    };
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let table = [
        (status("200 OK", METRICS), Reading::Ok, ""),
        (free, Reading::Unreachable, "connection refused"),
        (says(""), Reading::Unreachable, ""),
        (says("no HTTP at all\r\n\r\n"), Reading::Unreachable, ""),
        (
            status("401 Unauthorized", "Unauthorized\n"),
            Reading::Unauthorized,
            "answered 401 Unauthorized: Unauthorized",
        ),
        (status("403 Forbidden", "Authorization denied for user x"), Reading::Unauthorized, "403"),
        (
            status("500 Internal Server Error", "Authentication failed\n"),
            Reading::CannotAuthenticate,
            "500 Internal Server Error: Authentication failed",
        ),
        (
            status("500 Internal Server Error", "Authorization for user x failed"),
            Reading::CannotAuthenticate,
            "",
        ),
        (status("500 Internal Server Error", "oops"), Reading::Refused, "oops"),
        (status("503 Service Unavailable", ""), Reading::Refused, "answered 503 Service Unavailable"),
        (status("302 Found", ""), Reading::Refused, "302"),
        (status("200 OK", "<html></html>"), Reading::Malformed, "no series of a speaker"),
        (status("200 OK", ""), Reading::Malformed, ""),
    ];
    for (address, reading, text) in table {
        let scrape = read_all(&[http(address)]);
        assert_eq!(scrape.reading(), reading, "{scrape:?}");
        if let Err((_, error)) = &scrape.outcome {
            assert!(error.contains(text) && error.lines().count() <= 1, "{error}");
        }
    }
}

#[test]
fn an_answer_beyond_the_bound_is_left_at_the_bound() {
    let (sender, sent) = std::sync::mpsc::channel();
    let address = serve(move |_, stream| {
        let line = format!("metallb_layer2_responses_sent{{ip=\"192.0.2.1\"}} 1 {}\n", "x".repeat(60_000));
        let mut total = stream.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").unwrap();
        while total < 100 << 20 && stream.write_all(line.as_bytes()).is_ok() {
            total += line.len();
        }
        let _ = sender.send(total);
    });

    let scrape = read_all(&[http(address)]);

    assert_eq!(scrape.outcome, Err((Reading::TooLarge, "sent more than 16 MiB".to_owned())));
    assert!(sent.recv_timeout(TIMEOUT).unwrap() < 32 << 20);
}

#[test]
fn an_answer_that_never_ends_is_left_after_five_seconds() {
    let address = serve(|_, stream| {
        let _ = stream.write_all(format!("HTTP/1.1 200 OK\r\n\r\n{METRICS}").as_bytes());
        while stream.write_all(b"#\n").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let start = Instant::now();

    let scrape = read_all(&[http(address)]);

    assert_eq!(scrape.reading(), Reading::TimedOut);
    assert!(start.elapsed() < TIMEOUT * 2);
}

#[test]
fn the_endpoint_that_can_be_read_is_found_and_kept() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let good = says(format!("HTTP/1.1 200 OK\r\n\r\n{METRICS}"));
    let denied = says("HTTP/1.1 401 Unauthorized\r\n\r\n");
    let endpoints = [http(free), http(denied), http(good)];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut reader = Reader::default();

    let scrape = runtime.block_on(reader.read(&endpoints, |_| true)).unwrap();
    assert_eq!((scrape.reading(), scrape.endpoint.as_str()), (Reading::Ok, endpoints[2].url.as_str()));
    assert_eq!(reader.good.as_ref(), Some(&endpoints[2]));

    let scrape = runtime.block_on(reader.read(&endpoints[..2], |_| true)).unwrap();
    assert_eq!(
        (scrape.reading(), scrape.endpoint.as_str()),
        (Reading::Unauthorized, endpoints[1].url.as_str())
    );
    assert_eq!(runtime.block_on(reader.read(&[], |_| true)), None);
}

#[test]
fn lines_are_the_same_however_the_bytes_come() {
    let long = format!("{}\n", "x".repeat(MAX_LINE));
    let text = format!("one\n\ntwo words\n{long}three\nno end");
    for size in [1, 2, 3, 7, 4096, text.len()] {
        let (mut lines, mut seen) = (Lines::default(), Vec::new());
        for chunk in text.as_bytes().chunks(size) {
            lines.take(chunk, |line| seen.push(String::from_utf8_lossy(line).into_owned()));
        }
        assert_eq!(seen, ["one\n", "\n", "two words\n", "three\n"], "{size}");
    }
}

#[test]
fn a_missing_token_or_authority_says_which_file() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("token");
    let good = says(format!("HTTP/1.1 200 OK\r\n\r\n{METRICS}"));
    let no_token = Endpoint { token_file: Some(missing.clone()), ..http(good) };
    let no_ca = Endpoint { trust: Trust::Authority(missing), ..http(good) };
    let bad_ca = folder.path().join("ca.crt");
    fs::write(&bad_ca, "no certificate").unwrap();
    let bad_ca = Endpoint { trust: Trust::Authority(bad_ca), ..http(good) };
    for (endpoint, reading, text) in [
        (no_token, Reading::Unauthorized, "token: No such file"),
        (no_ca, Reading::Unreachable, "token: No such file"),
        (bad_ca, Reading::Unreachable, "ca.crt: holds no certificate"),
    ] {
        let (found, error) = read_all(&[endpoint]).outcome.unwrap_err();
        assert_eq!(found, reading);
        assert!(error.contains(text), "{error}");
    }
}
