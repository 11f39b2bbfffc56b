//! A layer-2 segment in one kernel: network namespaces as hosts, one more with a bridge as the switch.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use l2witness_tests::lab::Lab;
//! use l2witness_tests::speaker::Speaker;
//!
//! let lab = Lab::new()?;
//! let router = lab.host("router")?;
//! let node = lab.host("node1")?;
//! let speaker = Speaker::start(&node)?;
//! speaker.announce([192, 0, 2, 200].into())?;
//! let arping = router.command("arping").args(["-c", "1", "-I", "eth0", "192.0.2.200"]).output()?;
//! assert!(arping.status.success());
//! # Ok(())
//! # }
//! ```
//!
//! Everything goes away when its value is dropped, also by a panic: processes, namespaces, pinned
//! kernel objects, files. What a killed test run left behind is swept away by the next one. Names
//! are unique, so tests and test runs may go in parallel; each lab is a segment of its own and all
//! use the same addresses.

mod address;
mod agent;
mod binary;
mod bpffs;
mod cgroup;
mod follower;
mod host;
mod http;
mod ip;
mod name;
mod namespace;
mod privilege;
mod process;
mod setup;
mod sweep;
mod traces;
mod wait;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

pub use address::{lb_ipv4, lb_ipv6};
pub use agent::Agent;
pub use binary::binary;
pub(crate) use bpffs::ensure_mounted;
pub use cgroup::Cgroups;
pub use follower::Follower;
pub use host::Host;
pub(crate) use name::{is_leftover, signal_owner, unique as owner};
pub use namespace::Namespace;
pub use privilege::SKIP_VARIABLE;
pub use process::Process;
pub(crate) use sweep::sweep;
pub use traces::traces;
pub use wait::{until, until_every};

/// One segment: a switch and the hosts plugged into it.
#[derive(Debug)]
pub struct Lab {
    name: String,
    switch: Arc<Namespace>,
    scratch: Arc<TempDir>,
    hosts: AtomicU8,
}

impl Lab {
    /// A switch without hosts.
    ///
    /// # Errors
    ///
    /// Not root, no iproute2, or the kernel lacks namespaces, veth or bridges.
    pub fn new() -> Result<Self> {
        privilege::require()?;
        sweep::once();
        let name = name::unique()?;
        let scratch =
            Arc::new(TempDir::with_prefix(format!("{name}-")).context("a folder for the lab's files")?);
        let switch = Arc::new(Namespace::create(&name, "switch")?);
        setup::switch(&switch)?;
        Ok(Self { name, switch, scratch, hosts: AtomicU8::new(0) })
    }

    /// [`Lab::new`], or `None` with a printed reason if this is not root *and*
    /// [`L2WITNESS_SKIP_PRIVILEGED`](SKIP_VARIABLE) is set: the first line of a test.
    ///
    /// # Errors
    ///
    /// As [`Lab::new`].
    pub fn if_permitted() -> Result<Option<Self>> {
        if privilege::skip() { Ok(None) } else { Self::new().map(Some) }
    }

    /// A new host, plugged in and ready to talk. The first has 192.0.2.1, `2001:db8::1` and
    /// 00:00:5e:00:53:01 on its `eth0`, the second .2, and so on.
    ///
    /// # Errors
    ///
    /// The name is taken, empty, longer than 15 characters or not plain; or a command failed.
    pub fn host(&self, name: &str) -> Result<Host> {
        name::check(name)?;
        let number = self.hosts.fetch_add(1, Ordering::Relaxed) + 1;
        ensure!(number <= Self::HOSTS, "a lab has room for {} hosts", Self::HOSTS);
        let namespace = Namespace::create(&self.name, name)?;
        setup::host(&namespace, &self.switch, name, number)?;
        Ok(Host::new(name, number, namespace, Arc::clone(&self.switch), Arc::clone(&self.scratch)))
    }

    /// Control groups for what is started in this lab; to be dropped before its hosts.
    ///
    /// # Errors
    ///
    /// A hierarchy can't be written.
    pub fn cgroups(&self) -> Result<Cgroups> {
        Cgroups::create(&self.name)
    }

    /// Its name, which no other lab on this machine has; its namespaces' names begin with it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A folder for files of this lab, removed with its last host.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// The switch: its bridge is [`Lab::BRIDGE`], each host's port is named as the host.
    pub fn switch(&self) -> &Namespace {
        &self.switch
    }

    /// The name of the switch's bridge.
    pub const BRIDGE: &str = "br0";

    /// The most hosts of a lab: beyond begin the addresses for services.
    pub const HOSTS: u8 = 199;
}
