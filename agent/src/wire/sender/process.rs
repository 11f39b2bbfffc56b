//! From a packet socket's cookie to the process that holds it.

use std::{collections::BTreeSet, fs, path::Path};

use nlink::netlink::{Connection, SockDiag};

/// A process that holds a socket.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) name: String,
}

/// Cookie and inode of all packet sockets of this network namespace, where `packet_diag` may be asked.
///
/// Raw ICMPv6 sockets are not among them: `raw_diag` is seldom built into kernels.
pub async fn packet_sockets() -> Vec<(u64, u32)> {
    let Ok(connection) = Connection::<SockDiag>::new() else { return Vec::new() };
    let sockets = connection.query_packet_sockets().await.unwrap_or_default();
    sockets.iter().map(|socket| (socket.cookie, socket.inode)).collect()
}

/// The interfaces on which somebody has a packet socket for ARP, as `MetalLB` has on each that it serves. `None` where
/// `packet_diag` may not be asked.
pub async fn arp_sockets() -> Option<BTreeSet<u32>> {
    let sockets = Connection::<SockDiag>::new().ok()?.query_packet_sockets().await.ok()?;
    let of_arp = sockets.iter().filter(|socket| i32::from(socket.protocol) == libc::ETH_P_ARP);
    Some(of_arp.map(|socket| socket.interface).filter(|index| *index != 0).collect())
}

/// The process that holds the socket with that inode, where /proc may be read.
pub(super) fn holder_of(inode: u32) -> Option<Process> {
    holder(Path::new("/proc"), &format!("socket:[{inode}]"))
}

/// The first process with that file among its open ones.
fn holder(proc: &Path, target: &str) -> Option<Process> {
    for entry in fs::read_dir(proc).ok()?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // Processes end while we look, and others' files may not be ours to see.
        let Ok(files) = fs::read_dir(entry.path().join("fd")) else { continue };
        let holds =
            |file: fs::DirEntry| fs::read_link(file.path()).is_ok_and(|link| link == Path::new(target));
        if files.flatten().any(holds) {
            let name = fs::read_to_string(entry.path().join("comm")).ok()?.trim_end().to_owned();
            return Some(Process { pid, name });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd as _;

    use super::*;

    #[test]
    fn the_holder_of_an_own_socket_is_this_process() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let link = fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).unwrap();
        let holder = holder(Path::new("/proc"), link.to_str().unwrap()).unwrap();
        assert_eq!(holder.pid, std::process::id());
    }

    #[test]
    fn a_socket_that_nobody_holds_has_no_name() {
        assert_eq!(holder(Path::new("/proc"), "socket:[0]"), None);
    }
}
