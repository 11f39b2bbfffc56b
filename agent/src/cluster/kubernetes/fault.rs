//! What goes wrong between an API server and us, by what is to be done about it.

use std::{error::Error, io, time::Duration};

use kube::core::Status;

use super::target::Target;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// No connection, or it broke.
    #[error("{0}")]
    Unreachable(String),
    /// No answer.
    #[error("no answer for {} s", .0.as_secs())]
    Silent(Duration),
    /// A watch ended as soon as it had begun.
    #[error("watches are cut at once")]
    Cut,
    /// Our token or certificate is not accepted.
    #[error("unauthorized: the API server does not accept our credentials")]
    Unauthorized,
    /// We may not.
    #[error("forbidden: grant list,watch on {0}")]
    Forbidden(String),
    /// There is no such kind, or no longer.
    #[error("not served")]
    NotServed,
    /// What we have seen last is too long ago: list again.
    #[error("the watch is too far behind: {0}")]
    Expired(String),
    /// Any other status.
    #[error("the API server says {code}: {message}")]
    Status {
        /// HTTP's.
        code: u16,
        /// The API server's words.
        message: String,
    },
    /// Not what an API server says.
    #[error("not understood: {0}")]
    Malformed(String),
}

/// So much of an API server's words is told.
const TOLD: usize = 200;

impl Fault {
    /// The meaning of an answer that is an error.
    pub(super) fn of_status(code: u16, message: &str, target: &Target) -> Self {
        let message: String = message.trim().chars().take(TOLD).collect();
        match code {
            401 => Self::Unauthorized,
            403 => Self::Forbidden(target.to_string()),
            404 => Self::NotServed,
            410 => Self::Expired(message),
            // Older ones say so with other codes.
            _ if message.contains("too old resource version") => Self::Expired(message),
            _ => Self::Status { code, message },
        }
    }

    /// An ERROR event of a watch.
    pub(super) fn of_event(status: &Status, target: &Target) -> Self {
        let expired = ["Expired", "Gone"].contains(&status.reason.as_str());
        Self::of_status(if expired { 410 } else { status.code }, &status.message, target)
    }

    /// What kube's client could not do.
    pub(super) fn of_client(error: &kube::Error, target: &Target) -> Self {
        match error {
            // Whatever is no event passes there for an empty status.
            kube::Error::Api(status) if status.code == 0 && status.message.is_empty() => {
                Self::Malformed("not an event".to_owned())
            }
            kube::Error::Api(status) => Self::of_event(status, target),
            kube::Error::SerdeError(error) => Self::Malformed(error.to_string()),
            other => Self::Unreachable(innermost(other)),
        }
    }

    /// Whether the API server answered, and just not to us: what is held may be wrong by now.
    pub(super) const fn refuses(&self) -> bool {
        matches!(self, Self::Unauthorized | Self::Forbidden(_))
    }
}

/// The innermost cause says it best: "connection refused", not "error sending request".
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    match cause.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => "connection refused".to_owned(),
        Some(io::ErrorKind::ConnectionReset) => "connection reset".to_owned(),
        _ => {
            let text = cause.to_string();
            let words = text.split(" (os error").next().unwrap_or(&text);
            words.chars().take(TOLD).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Kind;

    #[test]
    fn an_answer_means_what_is_to_be_done() {
        let target = Target::statuses("metallb-system");
        let table = [
            (401, "Unauthorized", "unauthorized: the API server does not accept our credentials"),
            (
                403,
                "servicel2statuses.metallb.io is forbidden",
                "forbidden: grant list,watch on servicel2statuses.metallb.io in namespace metallb-system",
            ),
            (404, "the server could not find the requested resource", "not served"),
            (410, "gone", "the watch is too far behind: gone"),
            (500, "etcd: too old resource version: 7 (9)", "the watch is too far behind"),
            (500, "boom", "the API server says 500: boom"),
            (503, " \n", "the API server says 503: "),
        ];
        for (code, message, wanted) in table {
            let told = Fault::of_status(code, message, &target).to_string();
            assert!(told.starts_with(wanted), "{code} {message}: {told}");
        }
        let nodes = Fault::of_status(403, "", &Target::new(Kind::Nodes, "/api/v1/nodes"));
        assert_eq!(nodes.to_string(), "forbidden: grant list,watch on nodes");
    }
}
