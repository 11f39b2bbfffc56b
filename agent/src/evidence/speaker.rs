//! The speaker on this node, and whether its metrics can be read.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The co-located speaker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Speaker {
    /// `namespace/name` of its pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// Whether that pod is ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<bool>,
    /// `MetalLB`'s version, by its image's tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where its metrics are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// How the last reading went.
    pub reading: Reading,
    /// The error of the last reading, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The last good reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Timestamp>,
    /// When its process started (`process_start_time_seconds`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// `metallb_k8s_client_config_loaded_bool`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_loaded: Option<bool>,
    /// `metallb_k8s_client_config_stale_bool`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_stale: Option<bool>,
}

/// How a reading of the speaker's metrics went. Each is a state with a hint of its own, none an error of ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// Not tried yet, or nobody said where.
    #[default]
    None,
    /// There is no speaker pod on this node.
    NoSpeaker,
    /// Read.
    Ok,
    /// Refused, no route, TLS failed.
    Unreachable,
    /// Took too long.
    TimedOut,
    /// 401 or 403: our token is missing or may not `get /metrics`.
    Unauthorized,
    /// 500 "Authentication failed": the speaker itself may not create `TokenReviews`.
    CannotAuthenticate,
    /// Any other status.
    Refused,
    /// More than we are ready to read.
    TooLarge,
    /// No metrics in what it sent.
    Malformed,
}

impl Reading {
    /// As it stands in labels and JSON.
    pub const fn label(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::NoSpeaker => "no_speaker",
            Self::Ok => "ok",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Unauthorized => "unauthorized",
            Self::CannotAuthenticate => "cannot_authenticate",
            Self::Refused => "refused",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
        }
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}
