//! Which LB IP has which index in the arrays.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::IpAddr,
};

use super::Error;

/// What has to be done to the maps to come from one set of LB IPs to the next.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Diff {
    /// To be taken off the allow-list.
    pub(super) remove: Vec<(IpAddr, u32)>,
    /// To be put on it, onto an entry that must be cleared first.
    pub(super) insert: Vec<(IpAddr, u32)>,
}

/// The allocation. Indices of removed IPs are used again last, so that a program that still holds one
/// has long ended.
#[derive(Debug)]
pub(super) struct Watch {
    capacity: u32,
    indices: BTreeMap<IpAddr, (u32, u64)>,
    free: VecDeque<u32>,
    /// Goes up with each IP that is watched anew.
    serial: u64,
}

impl Watch {
    pub(super) fn new(capacity: u32) -> Self {
        Self { capacity, indices: BTreeMap::new(), free: (0..capacity).collect(), serial: 0 }
    }

    pub(super) const fn capacity(&self) -> u32 {
        self.capacity
    }

    /// The watched IPs in order, with their indices.
    pub(super) fn iter(&self) -> impl Iterator<Item = (IpAddr, u32)> {
        self.indices.iter().map(|(ip, (index, _))| (*ip, *index))
    }

    /// The index of a watched IP, and a number that is another one each time it is watched anew.
    pub(super) fn get(&self, ip: IpAddr) -> Option<(u32, u64)> {
        self.indices.get(&ip).copied()
    }

    /// Replaces the whole set; nothing changes on error.
    pub(super) fn replace(&mut self, wanted: &BTreeSet<IpAddr>) -> Result<Diff, Error> {
        if wanted.len() > self.capacity as usize {
            return Err(Error::Full { wanted: wanted.len(), capacity: self.capacity });
        }
        let mut diff = Diff::default();
        self.indices.retain(|ip, (index, _)| {
            let stays = wanted.contains(ip);
            if !stays {
                diff.remove.push((*ip, *index));
            }
            stays
        });
        self.free.extend(diff.remove.iter().map(|(_, index)| *index));
        for ip in wanted {
            if self.indices.contains_key(ip) {
                continue;
            }
            let Some(index) = self.free.pop_front() else {
                return Err(Error::Full { wanted: wanted.len(), capacity: self.capacity });
            };
            self.serial += 1;
            self.indices.insert(*ip, (index, self.serial));
            diff.insert.push((*ip, index));
        }
        Ok(diff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips(texts: &[&str]) -> BTreeSet<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn what_stays_keeps_its_index_and_freed_ones_come_last() {
        let mut watch = Watch::new(4);
        let first = watch.replace(&ips(&["192.0.2.1", "192.0.2.2"])).unwrap();
        assert_eq!(first.insert.iter().map(|(_, index)| *index).collect::<Vec<_>>(), [0, 1]);

        let second = watch.replace(&ips(&["192.0.2.2", "2001:db8::1"])).unwrap();
        assert_eq!(second.remove, [("192.0.2.1".parse().unwrap(), 0)]);
        assert_eq!(second.insert, [("2001:db8::1".parse().unwrap(), 2)]);
        assert_eq!(watch.iter().map(|(_, index)| index).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn too_many_change_nothing() {
        let mut watch = Watch::new(1);
        watch.replace(&ips(&["192.0.2.1"])).unwrap();
        let error = watch.replace(&ips(&["192.0.2.2", "192.0.2.3"])).unwrap_err();
        assert!(matches!(error, Error::Full { wanted: 2, capacity: 1 }));
        assert_eq!(watch.iter().collect::<Vec<_>>(), [("192.0.2.1".parse().unwrap(), 0)]);
    }

    #[test]
    fn a_full_set_can_be_replaced_whole() {
        let mut watch = Watch::new(2);
        watch.replace(&ips(&["192.0.2.1", "192.0.2.2"])).unwrap();
        let diff = watch.replace(&ips(&["192.0.2.3", "192.0.2.4"])).unwrap();
        assert_eq!((diff.remove.len(), diff.insert.len()), (2, 2));
    }
}
