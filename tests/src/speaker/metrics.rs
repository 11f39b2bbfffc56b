//! What MetalLB serves at `/metrics`, as far as anybody who compares needs it.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};

use super::responder::{Shared, State};
use super::{Counters, PerIp};

/// How long whoever asks may take.
const LIMIT: Duration = Duration::from_secs(2);

/// Serves them at `address` to anybody who asks for anything, until the process ends.
///
/// # Errors
///
/// The address can't be bound.
pub(super) fn serve(address: SocketAddr, node: String, shared: Arc<Shared>) -> Result<()> {
    let listener = TcpListener::bind(address).with_context(|| format!("bind {address}"))?;
    let started = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock")?;
    let serve = move || {
        for stream in listener.incoming().flatten() {
            let text = text(&shared.lock(), &node, started);
            // Who has gone needs no answer.
            let _gone = answer(&stream, &text);
        }
    };
    thread::Builder::new().name("metrics".to_owned()).spawn(serve).map(drop).context("start a thread")
}

fn answer(mut stream: &TcpStream, text: &str) -> io::Result<()> {
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    let mut lines = BufReader::new(stream).lines();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nConnection: close\r\n";
    write!(stream, "{head}Content-Length: {}\r\n\r\n{text}", text.len())
}

/// Every announced IP is that of a Service of its own in the namespace `lab`.
fn text(state: &State, node: &str, started: Duration) -> String {
    let mut text = String::from(
        "# HELP metallb_k8s_client_config_loaded_bool 1 if the MetalLB configuration was successfully loaded at least once.\n\
         # TYPE metallb_k8s_client_config_loaded_bool gauge\n\
         metallb_k8s_client_config_loaded_bool 1\n\
         # TYPE metallb_k8s_client_config_stale_bool gauge\n\
         metallb_k8s_client_config_stale_bool 0\n",
    );
    family(&mut text, "gratuitous_sent", &state.counters, |counted| counted.gratuitous_sent);
    family(&mut text, "requests_received", &state.counters, |counted| counted.requests_received);
    family(&mut text, "responses_sent", &state.counters, |counted| counted.responses_sent);
    text.push_str("# TYPE metallb_speaker_announced gauge\n");
    for ip in &state.announced {
        let service = service(*ip);
        // A String takes whatever is written.
        let _never = writeln!(
            text,
            "metallb_speaker_announced{{ip=\"{ip}\",node=\"{node}\",protocol=\"layer2\",service=\"{service}\"}} 1"
        );
    }
    // MetalLB's has ten milliseconds' precision.
    let started = started.as_millis() / 10;
    text.push_str("# TYPE process_start_time_seconds gauge\n");
    let _never = writeln!(text, "process_start_time_seconds {started}e-02");
    text
}

fn family(text: &mut String, name: &str, counters: &Counters, figure: fn(&PerIp) -> u64) {
    let _never = writeln!(text, "# TYPE metallb_layer2_{name} counter");
    // A series appears with its first event.
    for (ip, figure) in
        counters.iter().map(|(ip, counted)| (ip, figure(counted))).filter(|(_, figure)| *figure > 0)
    {
        let _never = writeln!(text, "metallb_layer2_{name}{{ip=\"{ip}\"}} {figure}");
    }
}

fn service(ip: IpAddr) -> String {
    format!("lab/{}", ip.to_string().replace([':', '.'], "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_what_happened_and_what_is_announced() {
        let ip: IpAddr = "192.0.2.200".parse().unwrap();
        let counted = PerIp { requests_received: 3, responses_sent: 2, gratuitous_sent: 0 };
        let state = State { announced: [ip].into(), counters: [(ip, counted)].into() };

        let text = text(&state, "n1", Duration::from_millis(1_700_000_000_123));

        let series: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            series,
            [
                "metallb_k8s_client_config_loaded_bool 1",
                "metallb_k8s_client_config_stale_bool 0",
                "metallb_layer2_requests_received{ip=\"192.0.2.200\"} 3",
                "metallb_layer2_responses_sent{ip=\"192.0.2.200\"} 2",
                "metallb_speaker_announced{ip=\"192.0.2.200\",node=\"n1\",protocol=\"layer2\",service=\"lab/192-0-2-200\"} 1",
                "process_start_time_seconds 170000000012e-02",
            ]
        );
    }
}
