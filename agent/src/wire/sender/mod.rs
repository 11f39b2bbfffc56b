//! Who is behind a socket: by its cgroup, else by `packet_diag` and /proc, else its cookie.
//!
//! A name is looked up when the kernel says that a sender is new, because a program that sends one frame
//! and ends can't be named later.

mod cgroup;
mod process;

use std::collections::HashMap;

use crate::evidence::{Named, Sender};

/// Sockets that are remembered; the oldest knowledge goes first when there are more.
const REMEMBERED: usize = 4096;

/// What has been found out so far, by socket cookie.
#[derive(Debug, Default)]
pub struct Names(HashMap<u64, Sender>);

impl Names {
    /// Whether the socket has a name.
    pub fn know(&self, cookie: u64) -> bool {
        self.0.contains_key(&cookie)
    }

    /// What is known of a socket; its cookie, if nothing is.
    pub fn of(&self, cookie: u64, cgroup: u64) -> Sender {
        self.0.get(&cookie).cloned().unwrap_or_else(|| Sender {
            name: format!("socket {cookie:#x}"),
            by: Named::Cookie,
            cookie,
            cgroup,
            pid: None,
        })
    }

    /// Keeps a name.
    pub fn remember(&mut self, sender: Sender) {
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        tracing::debug!(cookie = sender.cookie, name = sender.name, by = ?sender.by, "sender named");
        self.0.insert(sender.cookie, sender);
    }
}

/// Looks names up.
#[derive(Debug)]
pub struct Finder(Option<cgroup::Tree>);

impl Finder {
    /// Finds the cgroup v2 tree, if the node has one and shows it.
    pub fn new() -> Self {
        let tree = cgroup::Tree::find();
        if let Some(tree) = &tree {
            tracing::debug!(path = %tree.root().display(), "senders are named by cgroup");
        } else {
            tracing::info!("no cgroup v2 tree here: senders are named by /proc, or by cookie alone");
        }
        Self(tree)
    }

    /// The program behind a socket, while it still runs.
    pub async fn find(&self, cookie: u64, cgroup: u64) -> Option<Sender> {
        if let Some((name, by)) = self.0.as_ref().and_then(|tree| tree.name(cgroup)) {
            return Some(Sender { name, by, cookie, cgroup, pid: None });
        }
        let process = process::holding(cookie).await?;
        Some(Sender { name: process.name, by: Named::Process, cookie, cgroup, pid: Some(process.pid) })
    }
}

impl Default for Finder {
    fn default() -> Self {
        Self::new()
    }
}
