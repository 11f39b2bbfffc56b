//! A named network namespace that lasts as long as the value.

use std::fs::{self, File};
use std::panic;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use anyhow::{Context as _, Result};
use nix::sched::{CloneFlags, setns};

use super::{bpffs, ip};

/// Where iproute2 keeps its namespaces.
pub(super) const DIRECTORY: &str = "/run/netns";

/// A network namespace made for a lab.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    pub(super) fn create(lab: &str, role: &str) -> Result<Self> {
        let name = format!("{lab}-{role}");
        ip::run(&["netns", "add", &name])?;
        Ok(Self { name })
    }

    /// Its name for `ip netns` and `ip -netns`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that stands for it.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(DIRECTORY).join(&self.name)
    }

    /// A command that will run in it. Unlike under `ip netns exec`, `/sys` stays as it is, and with
    /// it the BPF and cgroup file systems; so `/sys/class/net` shows the caller's interfaces.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.path().display())).arg("--").arg(program);
        command
    }

    /// Runs `ip` in it and returns what it printed: `node.ip(["addr", "add", "192.0.2.9/24", "dev", "lo"])`.
    ///
    /// # Errors
    ///
    /// `ip` failed; its own words are in the message.
    pub fn ip<const N: usize>(&self, args: [&str; N]) -> Result<String> {
        ip::run(&[&["-netns", self.name()], args.as_slice()].concat())
    }

    /// Runs `nft -f -` in it with these rules.
    ///
    /// # Errors
    ///
    /// nftables is not installed or refuses the rules.
    pub fn nft(&self, rules: &str) -> Result<()> {
        ip::feed(self.command("nft").args(["-f", "-"]), rules)
    }

    /// Sets a kernel parameter of the namespace: `node.sysctl("net.ipv4.conf.all.arp_ignore", "1")`.
    ///
    /// # Errors
    ///
    /// There is no such parameter, or it does not take this value.
    pub fn sysctl(&self, key: &str, value: &str) -> Result<()> {
        let path = format!("/proc/sys/{}", key.replace('.', "/"));
        self.enter(|| fs::write(&path, value)).with_context(|| format!("{key}={value}"))
    }

    /// Runs `action` in a thread that has entered the namespace. Sockets opened there stay there,
    /// also when they are used elsewhere. (`/proc/net` is the process's: use `/proc/thread-self/net`.)
    ///
    /// # Panics
    ///
    /// As `action` does; and if the namespace can't be entered, which needs root alone.
    #[expect(clippy::expect_used, reason = "a lab without its own namespace has nothing to go on with")]
    pub fn enter<T: Send>(&self, action: impl FnOnce() -> T + Send) -> T {
        let path = self.path();
        thread::scope(|scope| {
            let entered = scope.spawn(move || {
                let file = File::open(&path).expect("a lab's namespace has its file");
                setns(file, CloneFlags::CLONE_NEWNET).expect("root enters any network namespace");
                action()
            });
            entered.join().unwrap_or_else(|payload| panic::resume_unwind(payload))
        })
    }

    /// A folder on the BPF file system for what runs in this namespace; removed with it.
    pub fn pin_directory(&self) -> PathBuf {
        bpffs::directory(&self.name)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Pinned links would keep kernel programs alive that nobody can reach any more.
        bpffs::remove(&self.pin_directory());
        if let Err(error) = ip::run(&["netns", "del", &self.name]) {
            eprintln!("{error:#}");
        }
    }
}
