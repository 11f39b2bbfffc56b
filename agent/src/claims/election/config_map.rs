//! `MetalLB`'s `ConfigMap`, up to 0.12 (`internal/config/config.go` of those releases).

use serde::Deserialize;

use super::{Announced, Labels, Pool, Range};

/// The text in the `ConfigMap` can't be used; `MetalLB` refuses it, too.
#[derive(Debug, thiserror::Error)]
pub enum BadConfig {
    /// Not YAML, or not of that shape.
    #[error("not understood: {0}")]
    Yaml(#[from] serde_norway::Error),
    /// A range.
    #[error("pool {pool}: {text:?} is neither a CIDR nor first-last")]
    Range {
        /// Whose.
        pool: String,
        /// What stands there.
        text: String,
    },
    /// Neither layer2 nor bgp.
    #[error("pool {pool}: unknown protocol {text:?}")]
    Protocol {
        /// Whose.
        pool: String,
        /// What stands there.
        text: String,
    },
}

#[derive(Deserialize)]
struct File {
    #[serde(default, rename = "address-pools")]
    pools: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Entry {
    name: String,
    protocol: String,
    addresses: Vec<String>,
    #[serde(default)]
    avoid_buggy_ips: bool,
}

/// The pools in the text under the key `config`.
///
/// # Errors
/// The first thing that is not understood; no pool is worth anything then.
pub fn pools(text: &str) -> Result<Vec<Pool>, BadConfig> {
    let file: File = serde_norway::from_str(text)?;
    file.pools.into_iter().map(pool).collect()
}

fn pool(Entry { name, protocol, addresses, avoid_buggy_ips }: Entry) -> Result<Pool, BadConfig> {
    let announced = match protocol.as_str() {
        "layer2" => Announced::ByLayer2,
        "bgp" => Announced::ByBgp,
        _ => return Err(BadConfig::Protocol { pool: name, text: protocol }),
    };
    let mut ranges = Vec::with_capacity(addresses.len());
    for text in addresses {
        let Some(range) = Range::parse(&text) else { return Err(BadConfig::Range { pool: name, text }) };
        ranges.push(range);
    }
    Ok(Pool { name, ranges, avoids_buggy_ips: avoid_buggy_ips, announced, labels: Labels::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_of_both_protocols_are_read_and_the_rest_is_passed_over() {
        let text = "
peers:
- {my-asn: 64500, peer-asn: 64501, peer-address: 192.0.2.1}
address-pools:
- {name: default, protocol: layer2, addresses: [\"10.77.0.200-10.77.0.250\", 192.0.2.0/28]}
- {name: up, protocol: bgp, addresses: [198.51.100.0/24], avoid-buggy-ips: true, bgp-advertisements: []}
";
        let pools = pools(text).unwrap();
        assert_eq!(pools.len(), 2);
        assert_eq!((pools[0].name.as_str(), pools[0].announced), ("default", Announced::ByLayer2));
        assert!(pools[0].contains("192.0.2.15".parse().unwrap()));
        assert_eq!((pools[1].announced, pools[1].size()), (Announced::ByBgp, 254));
    }

    #[test]
    fn what_metallb_refuses_is_named() {
        let table = [
            ("address-pools: 7", "not understood"),
            ("address-pools: [{name: a, protocol: layer2, addresses: [banana]}]", "pool a: \"banana\""),
            ("address-pools: [{name: a, protocol: l2, addresses: []}]", "unknown protocol \"l2\""),
            ("address-pools: [{name: a, addresses: []}]", "not understood"),
        ];
        for (text, wanted) in table {
            let error = pools(text).unwrap_err().to_string();
            assert!(error.contains(wanted), "{text}: {error}");
        }
        assert!(pools("{}").unwrap().is_empty());
    }
}
