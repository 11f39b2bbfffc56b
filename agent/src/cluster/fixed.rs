//! LB IPs from the command line and from a file, without any cluster (`--source static`).

use std::{
    collections::BTreeSet,
    fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
    time::SystemTime,
};

use ipnet::IpNet;

use super::address::unusable;

/// Something in the list can't be used.
#[derive(Debug, thiserror::Error)]
pub enum BadEntry {
    /// Neither IP nor CIDR.
    #[error("{place}: {text:?} is neither an IP address nor a CIDR such as 192.0.2.0/28")]
    Malformed {
        /// Where it stands.
        place: String,
        /// What stands there.
        text: String,
    },
    /// Multicast, loopback or unspecified: never an LB IP.
    #[error("{place}: {text} can't be an LB IP: it is {what}")]
    Unusable {
        /// Where it stands.
        place: String,
        /// What stands there.
        text: String,
        /// What it is.
        what: &'static str,
    },
    /// More addresses than fit.
    #[error(
        "{place}: {text} brings the list to {wanted} addresses, more than the {capacity} the maps have room for: narrow it, or raise --max-ips"
    )]
    TooLarge {
        /// Where it stands.
        place: String,
        /// What stands there.
        text: String,
        /// How many there would be.
        wanted: u128,
        /// How many fit.
        capacity: u32,
    },
    /// The file.
    #[error("--lb-ip-file {1}: {0}")]
    File(#[source] io::Error, PathBuf),
    /// Nothing to watch.
    #[error("no LB IPs: give --lb-ip, or --lb-ip-file with an IP or CIDR a line")]
    Empty,
}

/// The list, and the state of the file it was last read from.
#[derive(Debug)]
pub struct Fixed {
    entries: Vec<String>,
    file: Option<PathBuf>,
    capacity: u32,
    /// The file as it was last read.
    seen: Option<Stamp>,
    /// The file at the last look.
    looked: Option<Stamp>,
}

/// What changes when a file does; a `ConfigMap`'s is replaced by another inode.
type Stamp = (SystemTime, u64, u64);

impl Fixed {
    /// `entries` are IPs and CIDRs, `file` holds one of them a line, `#` begins a comment.
    pub const fn new(entries: Vec<String>, file: Option<PathBuf>, capacity: u32) -> Self {
        Self { entries, file, capacity, seen: None, looked: None }
    }

    /// Reads the whole list.
    ///
    /// # Errors
    /// The first entry that can't be used; nothing of the list is used then.
    pub fn read(&mut self) -> Result<BTreeSet<IpAddr>, BadEntry> {
        if self.entries.is_empty() && self.file.is_none() {
            return Err(BadEntry::Empty);
        }
        let mut ips = BTreeSet::new();
        for entry in &self.entries {
            self.add(&mut ips, "--lb-ip", entry)?;
        }
        if let Some(path) = &self.file {
            let failed = |error| BadEntry::File(error, path.clone());
            let seen = stamp(path).map_err(failed)?;
            let text = fs::read_to_string(path).map_err(failed)?;
            for (number, line) in text.lines().enumerate() {
                let entry = line.split('#').next().unwrap_or_default().trim();
                if !entry.is_empty() {
                    self.add(&mut ips, &format!("{} line {}", path.display(), number + 1), entry)?;
                }
            }
            self.seen = Some(seen);
        }
        if ips.is_empty() {
            return Err(BadEntry::Empty);
        }
        Ok(ips)
    }

    /// Reads the list again if the file changed since the last reading and was left alone since the last look:
    /// one that is being written must not be taken for a shorter list.
    pub fn reread(&mut self) -> Option<Result<BTreeSet<IpAddr>, BadEntry>> {
        let path = self.file.as_ref()?;
        let now = stamp(path).ok();
        let settled = now == self.looked;
        self.looked = now;
        if now == self.seen || !settled {
            return None;
        }
        let result = self.read();
        // A bad file is said once a change, not once a look.
        self.seen = now;
        Some(result)
    }

    fn add(&self, ips: &mut BTreeSet<IpAddr>, place: &str, entry: &str) -> Result<(), BadEntry> {
        let text = entry.to_owned();
        let place = place.to_owned();
        let net: IpNet = match entry.parse().or_else(|_| entry.parse::<IpAddr>().map(IpNet::from)) {
            Ok(net) => net,
            Err(_) => return Err(BadEntry::Malformed { place, text }),
        };
        if let Some(what) = unusable(net.network()) {
            return Err(BadEntry::Unusable { place, text, what });
        }
        let bits = u32::from(net.max_prefix_len() - net.prefix_len());
        let size = 1_u128.checked_shl(bits).unwrap_or(u128::MAX);
        let wanted = size.saturating_add(ips.len() as u128);
        let capacity = self.capacity;
        if size > u128::from(capacity) {
            return Err(BadEntry::TooLarge { place, text, wanted, capacity });
        }
        // All of them, network and broadcast address too: MetalLB gives those out by default.
        ips.extend(addresses(net, size));
        if ips.len() > capacity as usize {
            return Err(BadEntry::TooLarge { place, text, wanted: ips.len() as u128, capacity });
        }
        Ok(())
    }
}

fn addresses(net: IpNet, size: u128) -> impl Iterator<Item = IpAddr> {
    (0..size).map(move |offset| match net.network() {
        IpAddr::V4(first) => IpAddr::V4((u32::from(first) + offset as u32).into()),
        IpAddr::V6(first) => IpAddr::V6((u128::from(first) + offset).into()),
    })
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::metadata(path)?;
    Ok((metadata.modified()?, metadata.len(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(entries: &[&str], capacity: u32) -> Result<BTreeSet<IpAddr>, String> {
        let entries = entries.iter().map(ToString::to_string).collect();
        Fixed::new(entries, None, capacity).read().map_err(|error| error.to_string())
    }

    #[test]
    fn ips_and_cidrs_of_both_families_are_expanded() {
        let ips = read(&["192.0.2.7", "198.51.100.0/30", "2001:db8::10/127", "192.0.2.7"], 16).unwrap();
        let texts: Vec<_> = ips.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "192.0.2.7",
                "198.51.100.0",
                "198.51.100.1",
                "198.51.100.2",
                "198.51.100.3",
                "2001:db8::10",
                "2001:db8::11"
            ]
        );
    }

    #[test]
    fn what_cannot_be_used_is_named_with_its_place() {
        let table = [
            (vec!["10.0.0.300"], "--lb-ip: \"10.0.0.300\" is neither"),
            (vec!["192.0.2.0/33"], "neither an IP address nor a CIDR"),
            (vec![""], "neither"),
            (vec!["10.0.0.0/8"], "16777216 addresses, more than the 8"),
            (vec!["192.0.2.0/29", "192.0.2.8"], "9 addresses, more than the 8"),
            (vec!["::/0"], "unspecified"),
            (vec!["224.0.0.1"], "multicast"),
            (vec!["127.0.0.1"], "loopback"),
            (vec!["255.255.255.255"], "broadcast"),
            (vec!["::ffff:192.0.2.1"], "write it as IPv4"),
            (vec![], "no LB IPs"),
        ];
        for (entries, wanted) in table {
            let error = read(&entries, 8).unwrap_err();
            assert!(error.contains(wanted), "{entries:?}: {error}");
        }
    }

    #[test]
    fn a_file_is_read_again_once_it_is_left_alone_and_a_bad_one_is_said_once() {
        let path = std::env::temp_dir().join(format!("l2witness-fixed-{}", std::process::id()));
        fs::write(&path, "192.0.2.1 # first\n\n# none\n192.0.2.4/31\n").unwrap();
        let mut list = Fixed::new(vec!["2001:db8::1".into()], Some(path.clone()), 8);
        assert_eq!(list.read().unwrap().len(), 4);
        assert!(list.reread().is_none() && list.reread().is_none());

        fs::write(&path, "192.0.2.1\nbad\n").unwrap();
        assert!(list.reread().is_none(), "it may still be written");
        let error = list.reread().unwrap().unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("\"bad\""), "{error}");
        assert!(list.reread().is_none());

        fs::write(&path, "192.0.2.9\n").unwrap();
        assert!(list.reread().is_none());
        assert_eq!(list.reread().unwrap().unwrap().len(), 2);

        fs::remove_file(&path).unwrap();
        assert!(list.reread().is_none());
        assert!(list.reread().unwrap().is_err());
        assert!(list.reread().is_none());
    }

    #[test]
    fn a_file_without_any_ip_is_no_list() {
        let path = std::env::temp_dir().join(format!("l2witness-empty-{}", std::process::id()));
        fs::write(&path, "# none\n").unwrap();
        let error = Fixed::new(Vec::new(), Some(path.clone()), 8).read().unwrap_err().to_string();
        fs::remove_file(&path).unwrap();
        assert!(error.starts_with("no LB IPs"), "{error}");
    }
}
