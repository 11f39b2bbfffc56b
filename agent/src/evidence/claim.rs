//! Who claims an LB IP.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::MacAddr;

/// Who on a node sent a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The speaker's socket.
    Speaker,
    /// Another program's socket, or one that is not known to be the speaker's.
    Socket,
    /// The node's own ARP or NDP code.
    Kernel,
    /// Bridged through; not this node's.
    Forwarded,
}

impl Origin {
    /// As it stands in labels, JSON and tables.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Speaker => "speaker",
            Self::Socket => "socket",
            Self::Kernel => "kernel",
            Self::Forwarded => "forwarded",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

/// By what a sender got its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Named {
    /// Its cgroup's path holds a container id.
    Container,
    /// Its cgroup's path ends in a systemd unit.
    Unit,
    /// Its cgroup's path, which is neither.
    Cgroup,
    /// `packet_diag` and /proc named the process that holds the socket.
    Process,
    /// Nothing named it: the socket cookie stands for it.
    Cookie,
    /// In a capture, which shows no socket: the frame's length told a program from a kernel, no more.
    Length,
}

/// The program behind a socket.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sender {
    /// Container id, unit, process name, or cookie.
    pub name: String,
    /// By what.
    pub by: Named,
    /// Name of its process, where that can be seen too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
    /// The socket's cookie.
    pub cookie: u64,
    /// Its cgroup v2 id, 0 if unknown.
    pub cgroup: u64,
    /// Its process, where /proc named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// `namespace/name` of the pod whose container it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
}

/// A sender on this node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Local {
    /// Interface it sent from.
    pub interface: String,
    /// The MAC it answers with.
    pub mac: MacAddr,
    /// Who it is.
    pub origin: Origin,
    /// The program, for origins `speaker` and `socket`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<Sender>,
    /// Replies sent.
    pub replies: u64,
    /// Announcements sent.
    pub announcements: u64,
    /// First frame.
    pub first: Timestamp,
    /// Last frame.
    pub last: Timestamp,
    /// VLAN of the last frame's outermost tag, 0 if untagged.
    pub vlan: u16,
    /// What was odd about the last frame: `router`, `override`, `no-link-layer`, `hardware-mismatch` ….
    pub flags: Vec<String>,
}

/// Somebody heard on the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// Interface it was heard on.
    pub interface: String,
    /// The MAC it claims.
    pub mac: MacAddr,
    /// The node whose it is, where this node's neighbour table and the cluster's Nodes say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Frames: replies, announcements, and requests with the LB IP as sender.
    pub count: u64,
    /// First frame.
    pub first: Timestamp,
    /// Last frame.
    pub last: Timestamp,
    /// What was odd about the last frame, as in [`Local::flags`].
    pub flags: Vec<String>,
}
