//! Just enough HTTP to ask an agent through its unix socket.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

/// How long one answer may take.
const LIMIT: Duration = Duration::from_secs(5);

/// `GET path`: the body, if the status is 200. HTTP/1.0, so that the body ends with the connection.
pub(super) fn get(socket: &Path, path: &str) -> Result<String> {
    let mut stream =
        UnixStream::connect(socket).with_context(|| format!("connect to {}", socket.display()))?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: l2witness\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).with_context(|| format!("ask for {path}"))?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).with_context(|| format!("read the answer to {path}"))?;
    body(&answer).map(str::to_owned).with_context(|| format!("GET {path}"))
}

/// The body of an answer whose status is 200.
fn body(answer: &str) -> Result<&str> {
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer has no end of headers")?;
    let status = head.lines().next().unwrap_or_default();
    ensure!(status.split(' ').nth(1) == Some("200"), "{status}: {body}");
    Ok(body)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::thread;

    use super::*;

    #[test]
    fn an_answer_of_status_200_is_its_body() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent.sock");
        let listener = UnixListener::bind(&socket).unwrap();

        for (answer, expected) in [
            ("HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\na 1\n\nb 2\n", Some("a 1\n\nb 2\n")),
            ("HTTP/1.0 503 Service Unavailable\r\n\r\nnot yet", None),
            ("HTTP/1.0 200 OK\r\n", None),
        ] {
            let asked = thread::scope(|scope| {
                let asked = scope.spawn(|| {
                    let (mut stream, _) = listener.accept().unwrap();
                    let mut request = [0; 256];
                    let length = stream.read(&mut request).unwrap();
                    stream.write_all(answer.as_bytes()).unwrap();
                    String::from_utf8_lossy(&request[..length]).into_owned()
                });
                assert_eq!(get(&socket, "/readyz").ok().as_deref(), expected);
                asked.join().unwrap()
            });
            assert!(asked.starts_with("GET /readyz HTTP/1.0\r\n"), "{asked}");
        }
    }
}
