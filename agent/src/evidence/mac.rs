//! A hardware address as text.

use std::{fmt, str::FromStr};

use l2witness_ebpf::frame::Mac;
use serde::{Deserialize, Serialize};

/// A 48-bit hardware address, written `00:00:5e:00:53:01`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MacAddr(pub [u8; 6]);

impl From<Mac> for MacAddr {
    fn from(mac: Mac) -> Self {
        Self(mac.octets())
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Mac::from_octets(self.0).fmt(f)
    }
}

/// Not six pairs of hexadecimal digits between colons.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a MAC address such as 00:00:5e:00:53:01")]
pub struct BadMac(String);

impl FromStr for MacAddr {
    type Err = BadMac;

    fn from_str(text: &str) -> Result<Self, BadMac> {
        let bad = || BadMac(text.to_owned());
        let mut octets = [0; 6];
        let mut parts = text.split(':');
        for octet in &mut octets {
            let part = parts.next().filter(|part| part.len() == 2).ok_or_else(bad)?;
            *octet = u8::from_str_radix(part, 16).map_err(|_| bad())?;
        }
        if parts.next().is_some() { Err(bad()) } else { Ok(Self(octets)) }
    }
}

impl TryFrom<String> for MacAddr {
    type Error = BadMac;

    fn try_from(text: String) -> Result<Self, BadMac> {
        text.parse()
    }
}

impl From<MacAddr> for String {
    fn from(mac: MacAddr) -> Self {
        mac.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_agree() {
        let mac: MacAddr = "00:00:5e:00:53:01".parse().unwrap();
        assert_eq!(mac.0, [0, 0, 0x5e, 0, 0x53, 1]);
        assert_eq!(mac.to_string(), "00:00:5e:00:53:01");
    }

    #[test]
    fn what_is_no_mac_is_refused() {
        for text in ["", "00:00:5e:00:53", "00:00:5e:00:53:01:02", "0:0:5e:0:53:1", "zz:00:5e:00:53:01"] {
            assert!(text.parse::<MacAddr>().is_err(), "{text}");
        }
    }
}
