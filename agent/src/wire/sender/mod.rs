//! Who is behind a socket: by its cgroup, else by `packet_diag` and /proc, else its cookie.
//!
//! A name is looked up when the kernel says that a sender is new, because a program that sends one frame
//! and ends can't be named later.

mod cgroup;
mod process;

pub use process::{arp_sockets, packet_sockets};

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
    time::{Duration, Instant},
};

use l2witness_ebpf::layout;
use regex::Regex;

use crate::evidence::{Named, Origin, Sender};

/// Sockets that are remembered.
const REMEMBERED: usize = 4096;

/// A socket that could not be named is not looked up again for this long.
const RETRY: Duration = Duration::from_secs(60);

/// What has been found out so far, by socket cookie.
#[derive(Debug, Default)]
pub struct Names {
    known: HashMap<u64, Sender>,
    failed: HashMap<u64, Instant>,
    /// Containers of speakers; they stay when their pod is gone.
    speakers: BTreeSet<String>,
}

impl Names {
    /// Whether the socket has a name, or has been looked up in vain a short while ago.
    pub fn know(&self, cookie: u64) -> bool {
        self.known.contains_key(&cookie)
            || self.failed.get(&cookie).is_some_and(|time| time.elapsed() < RETRY)
    }

    /// What is known of a socket; its cookie, if nothing is.
    pub fn of(&self, cookie: u64, cgroup: u64) -> Sender {
        self.known.get(&cookie).cloned().unwrap_or_else(|| Sender {
            name: format!("socket {cookie:#x}"),
            by: Named::Cookie,
            process: None,
            cookie,
            cgroup,
            pid: None,
            pod: None,
        })
    }

    /// What is known of a sender on this node beyond what the kernel proved: whether it is the speaker, and of sockets
    /// the program. `socket` is its cookie and its cgroup.
    pub fn proven(
        &self,
        origin: layout::Origin,
        socket: (u64, u64),
        speaker: &Regex,
    ) -> (Origin, Option<Sender>) {
        match origin {
            layout::Origin::Kernel => (Origin::Kernel, None),
            layout::Origin::Forwarded => (Origin::Forwarded, None),
            layout::Origin::Socket => {
                let sender = self.of(socket.0, socket.1);
                let origin = if self.is_speaker(&sender, speaker) { Origin::Speaker } else { Origin::Socket };
                (origin, Some(sender))
            }
        }
    }

    /// The program behind a socket, where it has a name.
    pub fn get(&self, cookie: u64) -> Option<&Sender> {
        self.known.get(&cookie)
    }

    /// All that have a name.
    pub fn known(&self) -> impl Iterator<Item = &Sender> {
        self.known.values()
    }

    /// Finds the pods of those containers that have none yet: `find` gives `namespace/name` and whether it is a
    /// speaker's. Who has been found stays so, for its frames are still there when the pod is gone.
    pub fn find_pods(&mut self, find: impl Fn(&str) -> Option<(String, bool)>) {
        let without = |sender: &&mut Sender| sender.by == Named::Container && sender.pod.is_none();
        for sender in self.known.values_mut().filter(without) {
            let Some((pod, is_speaker)) = find(&sender.name) else { continue };
            sender.pod = Some(pod);
            if is_speaker {
                self.speakers.insert(sender.name.clone());
            }
        }
    }

    /// Whether it is a speaker: its pod says so, and where that is not known its name or its process's, which
    /// `pattern` is to match.
    pub fn is_speaker(&self, sender: &Sender, pattern: &Regex) -> bool {
        let names = [Some(&sender.name), sender.process.as_ref()];
        match sender.pod {
            Some(_) => self.speakers.contains(&sender.name),
            None => names.into_iter().flatten().any(|name| pattern.is_match(name)),
        }
    }

    /// Keeps what a lookup gave. Beyond [`REMEMBERED`] all is forgotten, and found again where it still matters.
    pub fn remember(&mut self, cookie: u64, found: Option<Sender>) {
        if self.known.len() + self.failed.len() >= REMEMBERED {
            self.known.clear();
            self.failed.clear();
            self.speakers.clear();
        }
        if let Some(sender) = found {
            tracing::debug!(cookie, name = sender.name, by = ?sender.by, "sender named");
            self.failed.remove(&cookie);
            self.known.insert(cookie, sender);
        } else {
            self.failed.insert(cookie, Instant::now());
        }
    }
}

/// Looks names up.
#[derive(Debug)]
pub struct Finder(Option<cgroup::Tree>);

impl Finder {
    /// Finds the cgroup v2 tree, in that directory if one is given, if the node has one and shows it.
    pub fn new(cgroup_dir: Option<&Path>) -> Self {
        let tree = cgroup::Tree::find(cgroup_dir);
        if let Some(tree) = &tree {
            tracing::debug!(path = %tree.root().display(), "senders are named by cgroup");
        } else {
            let directory = cgroup_dir.map(|path| path.display().to_string()).unwrap_or_default();
            tracing::info!(
                directory,
                "no cgroup v2 tree here: senders are named by /proc, or by cookie alone"
            );
        }
        Self(tree)
    }

    /// The program behind a socket, while it still runs. Walks the cgroup tree or /proc: not for the thread that
    /// serves.
    pub fn find(&self, cookie: u64, cgroup: u64, packet_sockets: &[(u64, u32)]) -> Option<Sender> {
        if let Some(found) = self.0.as_ref().and_then(|tree| tree.cgroup(cgroup)) {
            let (pid, process) = found.process.unzip();
            return Some(Sender { name: found.name, by: found.by, process, cookie, cgroup, pid, pod: None });
        }
        let (_, inode) = packet_sockets.iter().find(|(known, _)| *known == cookie)?;
        let holder = process::holder_of(*inode)?;
        let process = Some(holder.name.clone());
        Some(Sender {
            name: holder.name,
            by: Named::Process,
            process,
            cookie,
            cgroup,
            pid: Some(holder.pid),
            pod: None,
        })
    }
}
