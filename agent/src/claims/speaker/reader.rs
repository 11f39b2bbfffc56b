//! Reading a speaker's metrics, within bounds whatever it sends.

use std::{fs::File, io::Read as _, net::IpAddr, path::Path, time::Duration};

use jiff::Timestamp;
use reqwest::{Certificate, Response, StatusCode};
use tokio::time::timeout;

use super::{Endpoint, Readout, Trust};
use crate::{
    evidence::Reading,
    http::{self, BodyError},
};

/// A whole answer must have come by then.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// 10,000 LB IPs of one node make about 4 MiB.
const MAX_BYTES: usize = 16 << 20;
/// Of one line; longer ones are passed over.
const MAX_LINE: usize = 16 << 10;
/// Of a token, and of certificates.
const MAX_FILE: u64 = 1 << 20;
/// Of an error's text.
const MAX_TEXT: usize = 160;

/// One reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Scrape {
    /// When it ended.
    pub at: Timestamp,
    /// Where.
    pub endpoint: String,
    /// How it went: [`Reading::Ok`] with the readout, else with an error in one line.
    pub outcome: Result<Readout, (Reading, String)>,
}

impl Scrape {
    /// How it went, in one word.
    pub fn reading(&self) -> Reading {
        self.outcome.as_ref().map_or_else(|failed| failed.0, |_| Reading::Ok)
    }
}

/// Reads one speaker again and again.
#[derive(Debug, Default)]
pub struct Reader {
    /// Which of its endpoints answered last.
    good: Option<Endpoint>,
}

impl Reader {
    /// Reads the first of the endpoints that can be read, beginning with the one that could last time. `None` without
    /// endpoints. If none can, the failure that says most is told. Takes no longer than [`TIMEOUT`] for each of them.
    pub async fn read(&mut self, endpoints: &[Endpoint], wanted: impl Fn(IpAddr) -> bool) -> Option<Scrape> {
        let mut order: Vec<&Endpoint> = endpoints.iter().collect();
        order.sort_by_key(|endpoint| Some(*endpoint) != self.good.as_ref());
        let mut told: Option<Scrape> = None;
        for endpoint in order {
            let outcome = match timeout(TIMEOUT, read(endpoint, &wanted)).await {
                Ok(outcome) => outcome,
                Err(_) => Err((Reading::TimedOut, format!("no whole answer within {} s", TIMEOUT.as_secs()))),
            };
            let scrape = Scrape { at: Timestamp::now(), endpoint: endpoint.to_string(), outcome };
            if scrape.reading() == Reading::Ok {
                self.good = Some(endpoint.clone());
                return Some(scrape);
            }
            if told.as_ref().is_none_or(|told| telling(scrape.reading()) > telling(told.reading())) {
                told = Some(scrape);
            }
        }
        told
    }
}

/// Whoever refuses our token is nearer to being the speaker than whoever takes no connection.
const fn telling(reading: Reading) -> u8 {
    match reading {
        Reading::None | Reading::NoSpeaker => 0,
        Reading::Unreachable => 1,
        Reading::Refused => 2,
        Reading::Malformed => 3,
        Reading::TimedOut => 4,
        Reading::TooLarge => 5,
        Reading::Unauthorized => 6,
        Reading::CannotAuthenticate => 7,
        Reading::Ok => 8,
    }
}

async fn read(endpoint: &Endpoint, wanted: &impl Fn(IpAddr) -> bool) -> Result<Readout, (Reading, String)> {
    let mut builder = http::client().pool_max_idle_per_host(0);
    builder = match &endpoint.trust {
        Trust::Anybody => builder.tls_danger_accept_invalid_certs(true),
        Trust::Authority(path) => builder.tls_certs_only(certificates(path).map_err(unreachable(path))?),
    };
    let client = builder.build().map_err(|error| (Reading::Unreachable, http::cause(&error)))?;
    let mut request = client.get(endpoint.url.clone());
    if let Some(path) = &endpoint.token_file {
        let token = small(path).and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other));
        let token = token.map_err(|error| (Reading::Unauthorized, format!("{}: {error}", path.display())))?;
        request = request.bearer_auth(token.trim());
    }
    let response = request.send().await.map_err(|error| (Reading::Unreachable, http::cause(&error)))?;
    if response.status() != StatusCode::OK {
        return Err(refused(response).await);
    }
    readout(response, wanted).await
}

fn unreachable(path: &Path) -> impl Fn(String) -> (Reading, String) {
    move |error| (Reading::Unreachable, format!("{}: {error}", path.display()))
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, String> {
    let bytes = small(path).map_err(|error| error.to_string())?;
    let certificates = Certificate::from_pem_bundle(&bytes).map_err(|error| error.to_string())?;
    if certificates.is_empty() { Err("holds no certificate".to_owned()) } else { Ok(certificates) }
}

fn small(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

async fn readout(response: Response, wanted: &impl Fn(IpAddr) -> bool) -> Result<Readout, (Reading, String)> {
    let mut lines = Lines::default();
    let mut readout = Readout::default();
    let take = |chunk: &[u8]| lines.take(chunk, |line| readout.line(line, wanted));
    match http::chunks(response, MAX_BYTES, take).await {
        Ok(()) => {}
        Err(error @ BodyError::TooLarge(_)) => return Err((Reading::TooLarge, error.to_string())),
        Err(error) => return Err((Reading::Unreachable, error.to_string())),
    }
    if readout.lines == 0 {
        return Err((Reading::Malformed, "no series of a speaker in its answer".to_owned()));
    }
    Ok(readout)
}

/// By the words of controller-runtime's filter (`pkg/metrics/filters`), which answers 500 for both of its own
/// failures and 401 or 403 for ours.
async fn refused(response: Response) -> (Reading, String) {
    let status = response.status();
    let mut text = Vec::new();
    let take = |chunk: &[u8]| text.extend_from_slice(&chunk[..chunk.len().min(MAX_TEXT)]);
    // What it says besides is nice to have.
    let _ = http::chunks(response, MAX_FILE as usize, take).await;
    let text = String::from_utf8_lossy(&text);
    let line: String = text.lines().next().unwrap_or_default().chars().take(MAX_TEXT).collect();
    let own = ["Authentication failed", "Authorization for user"];
    let reading = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Reading::Unauthorized,
        StatusCode::INTERNAL_SERVER_ERROR if own.iter().any(|words| line.starts_with(words)) => {
            Reading::CannotAuthenticate
        }
        _ => Reading::Refused,
    };
    (reading, format!("answered {status}: {line}").trim_end_matches([':', ' ']).to_owned())
}

/// Puts lines together from pieces of any size.
#[derive(Default)]
struct Lines {
    /// The beginning of a line whose end has not come yet, as far as it is kept.
    begun: Vec<u8>,
    /// That line is too long already.
    long: bool,
}

impl Lines {
    fn take(&mut self, chunk: &[u8], mut each: impl FnMut(&[u8])) {
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            let complete = piece.ends_with(b"\n");
            if self.long || self.begun.len() + piece.len() > MAX_LINE {
                self.begun.clear();
                self.long = !complete;
            } else if !complete {
                self.begun.extend_from_slice(piece);
            } else if self.begun.is_empty() {
                each(piece);
            } else {
                self.begun.extend_from_slice(piece);
                each(&self.begun);
                self.begun.clear();
            }
        }
    }
}

#[cfg(test)]
mod secure;
#[cfg(test)]
mod tests;
