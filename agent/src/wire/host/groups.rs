//! Which solicited-node groups the interfaces have joined (`/proc/net/igmp6`).

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    net::Ipv6Addr,
};

/// `ff02::1:ff00:0/104` (RFC 4291 §2.7.1).
const PREFIX: [u8; 13] = [0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff];

/// Interface indices by the last three bytes of the group, which are the address's.
pub(super) type Groups = HashMap<[u8; 3], BTreeSet<u32>>;

/// What tells an address's group from others.
pub(super) const fn key(ip: Ipv6Addr) -> [u8; 3] {
    let [.., a, b, c] = ip.octets();
    [a, b, c]
}

/// Of the calling thread's network namespace; `None` without IPv6.
pub(super) fn read() -> Option<Groups> {
    fs::read_to_string("/proc/thread-self/net/igmp6").ok().map(|text| parse(&text))
}

/// Lines of index, name, group in hexadecimal, users, flags, timer (`igmp6_mc_seq_show` of the kernel).
pub(super) fn parse(text: &str) -> Groups {
    let mut groups = Groups::new();
    for line in text.lines() {
        let mut fields = line.split_whitespace();
        let index = fields.next().and_then(|field| field.parse().ok());
        let group = fields.nth(1).and_then(|field| u128::from_str_radix(field, 16).ok());
        let (Some(index), Some(group)) = (index, group) else { continue };
        let group = Ipv6Addr::from(group);
        if group.octets().starts_with(&PREFIX) {
            groups.entry(key(group)).or_default().insert(index);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_solicited_node_groups_are_kept_and_odd_lines_are_passed_over() {
        let text = "\
1    lo              ff020000000000000000000000000001     1 0000000C 0
2    eth0            ff0200000000000000000001ff000200     1 00000004 0
3    eth0.7          ff0200000000000000000001ff000200     2 00000004 0
2    eth0            ff0200000000000000000001ff123456     1 00000004 0
2    eth0            ff050000000000000000000000000002     1 00000004 0
x    eth0            ff0200000000000000000001ff000201     1 00000004 0
2    eth0            banana     1 00000004 0

2
";
        let groups = parse(text);
        let expected: Groups =
            [([0, 2, 0], [2, 3].into()), ([0x12, 0x34, 0x56], [2].into())].into_iter().collect();
        assert_eq!(groups, expected);
        assert_eq!(key("2001:db8::200".parse().unwrap()), [0, 2, 0]);
    }
}
