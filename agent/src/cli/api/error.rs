//! What went wrong with the API server, in one line that says what to do.

use std::error::Error;

use kube::client::AuthError;

use super::Right;
use crate::http;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::cli) enum ApiError {
    /// No connection: refused, no route, TLS.
    #[error("{0}: {1}")]
    Unreachable(String, String),
    /// Too slow.
    #[error("{0}: no answer within {1} s")]
    Timeout(String, u64),
    /// 401, or no credentials to show.
    #[error("{0}: {1}; renew your credentials, or choose another --context")]
    Unauthorized(String, String),
    /// 403.
    #[error("may not {0}: {remedy}", remedy = .0.remedy())]
    Forbidden(Right),
    /// 404: not there, or a kind that this API server does not serve.
    #[error("{0}")]
    NotFound(String),
    /// 409: it has changed since it was read.
    #[error("{0}")]
    Conflict(String),
    /// 410: a list that took too long to read.
    #[error("the list changed faster than it could be read")]
    Expired,
    /// Whatever else it said.
    #[error("{0}")]
    Other(String),
}

impl ApiError {
    pub(super) fn new(server: &str, right: Option<&Right>, error: &kube::Error) -> Self {
        let server = || server.to_owned();
        match error {
            kube::Error::Api(status) => match (status.code, right) {
                (401, _) => Self::Unauthorized(server(), "does not accept who you are (401)".to_owned()),
                (403, Some(right)) => Self::Forbidden(right.clone()),
                (404, _) => Self::NotFound(status.message.clone()),
                (409, _) => Self::Conflict(one_line(&status.message)),
                (410, _) => Self::Expired,
                (code, _) if status.message.is_empty() => Self::Other(format!("{}: {code}", server())),
                _ => Self::Other(one_line(&status.message)),
            },
            kube::Error::Auth(error) => Self::Unauthorized(server(), auth(error)),
            // Credentials are also made while a request goes out.
            kube::Error::Service(error) if find::<AuthError>(error.as_ref()).is_some() => {
                let words = find::<AuthError>(error.as_ref()).map(auth);
                Self::Unauthorized(server(), words.unwrap_or_default())
            }
            kube::Error::SerdeError(error) => Self::Other(format!("{}: no API server: {error}", server())),
            other => Self::Unreachable(server(), words(other)),
        }
    }
}

/// The innermost cause, in one line.
pub(super) fn words(error: &(dyn Error + 'static)) -> String {
    match find::<AuthError>(error) {
        Some(error) => auth(error),
        None => one_line(&http::cause(error)),
    }
}

/// What a credential plugin complained of, rather than its output byte by byte.
fn auth(error: &AuthError) -> String {
    match error {
        AuthError::AuthExecRun { cmd, out } => {
            let complaint = String::from_utf8_lossy(&out.stderr);
            let last = complaint.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no reason given");
            format!("{cmd:?} failed ({}): {last}", out.status)
        }
        other => one_line(&other.to_string()),
    }
}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
