//! What a MAC says about whose it is. Vendor tables are too large for what they tell (docs/architecture.md).

use crate::evidence::MacAddr;

/// What kind of MAC it is, if it is of a telling one.
pub(in crate::verdict) fn kind_of(mac: MacAddr) -> Option<String> {
    let [first, ..] = mac.0;
    match mac.0 {
        [0, 0, 0x5e, 0, 1, id] => Some(format!("{mac} is a virtual router's (VRRP, IPv4, router id {id})")),
        [0, 0, 0x5e, 0, 2, id] => Some(format!("{mac} is a virtual router's (VRRP, IPv6, router id {id})")),
        [0, 0, 0x0c, 7, 0xac, group] => Some(format!("{mac} is a virtual router's (HSRP, group {group})")),
        _ if first & 1 == 1 => Some(format!("{mac} is a group address: no host may have it")),
        _ if first & 2 == 2 => {
            Some(format!("{mac} was given by software: a virtual machine, a container, or a random MAC"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_tells_its_kind_where_it_has_one() {
        for (mac, kind) in [
            ("00:00:5e:00:01:0a", Some("VRRP, IPv4, router id 10")),
            ("00:00:0c:07:ac:05", Some("HSRP, group 5")),
            ("02:42:ac:11:00:02", Some("given by software")),
            ("01:00:5e:00:00:01", Some("group address")),
            ("00:00:5e:00:53:09", None),
        ] {
            let told = kind_of(mac.parse().unwrap());
            assert_eq!(told.is_some(), kind.is_some(), "{mac}: {told:?}");
            assert!(told.unwrap_or_default().contains(kind.unwrap_or_default()), "{mac}");
        }
    }
}
