//! Which file was taken where.

use std::{collections::BTreeMap, path::PathBuf, str::FromStr};

use crate::evidence::MacAddr;

/// A file, and where it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Vantage {
    pub(super) node: String,
    /// Of an interface that the file does not name.
    pub(super) interface: Option<String>,
    pub(super) path: PathBuf,
    /// The node is named, not guessed from the file's name.
    named: bool,
}

impl FromStr for Vantage {
    type Err = &'static str;

    /// What stands before the first `=` names the node if it can be a name; else it belongs to the path.
    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("no file is named");
        }
        if let Some((name, path)) = text.split_once('=') {
            let (node, interface) = match name.split_once('/') {
                Some((node, interface)) => (node, Some(interface)),
                None => (name, None),
            };
            if is_name(node) && interface.is_none_or(is_name) {
                let interface = interface.map(str::to_owned);
                let (node, path) = (node.to_owned(), PathBuf::from(path));
                return Ok(Self { node, interface, path, named: true });
            }
        }
        let path = PathBuf::from(text);
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let node = if text == "-" { Some("stdin".to_owned()) } else { stem };
        let node = node.ok_or("that is no file")?;
        Ok(Self { node, interface: None, path, named: false })
    }
}

/// Nodes are named as in DNS, interfaces nearly as one likes.
fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '@');
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(plain)
}

/// Two files of one name in two folders are hardly one node's.
pub(super) fn distinct(files: &[Vantage]) -> Result<(), String> {
    let mut guessed: BTreeMap<&str, &Vantage> = BTreeMap::new();
    for vantage in files.iter().filter(|vantage| !vantage.named) {
        if let Some(other) = guessed.insert(&vantage.node, vantage) {
            return Err(format!(
                "{} and {} would both be node {}: name them, as NODE=FILE",
                other.path.display(),
                vantage.path.display(),
                vantage.node
            ));
        }
    }
    Ok(())
}

/// A node's own MAC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwnMac {
    pub(super) node: String,
    pub(super) mac: MacAddr,
}

impl FromStr for OwnMac {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (node, mac) = text.split_once('=').ok_or("not of the form NODE=MAC")?;
        let mac = mac.parse().map_err(|error: <MacAddr as FromStr>::Err| error.to_string())?;
        Ok(Self { node: node.to_owned(), mac })
    }
}

/// A MAC of a node without a capture is a typing error.
pub(super) fn known(macs: &[OwnMac], files: &[Vantage]) -> Result<(), String> {
    for OwnMac { node, .. } in macs {
        if !files.iter().any(|vantage| vantage.node == *node) {
            let nodes: Vec<_> = files.iter().map(|vantage| vantage.node.as_str()).collect();
            return Err(format!(
                "--mac {node}=…: there is no capture of {node}, only of {}",
                nodes.join(", ")
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_node_s_name_before_it_or_in_its_own() {
        for (text, node, interface, path) in [
            ("n1.pcap", "n1", None, "n1.pcap"),
            ("/tmp/x/worker-2.pcapng", "worker-2", None, "/tmp/x/worker-2.pcapng"),
            ("n1=/tmp/a.pcap", "n1", None, "/tmp/a.pcap"),
            ("n1/eth0.100=a.pcap", "n1", Some("eth0.100"), "a.pcap"),
            ("n1=a=b.pcap", "n1", None, "a=b.pcap"),
            ("./a=b.pcap", "a=b", None, "./a=b.pcap"),
            ("-", "stdin", None, "-"),
            ("rt=-", "rt", None, "-"),
        ] {
            let vantage: Vantage = text.parse().unwrap();
            assert_eq!(vantage.node, node, "{text}");
            assert_eq!(vantage.interface.as_deref(), interface, "{text}");
            assert_eq!(vantage.path, PathBuf::from(path), "{text}");
        }
        assert!("".parse::<Vantage>().is_err());
        assert!("..".parse::<Vantage>().is_err());
    }

    #[test]
    fn two_files_of_one_name_must_be_named() {
        let files = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>();
        assert!(distinct(&files(&["a/eth0.pcap", "b/eth0.pcap"])).is_err());
        assert!(distinct(&files(&["n1=a/eth0.pcap", "n1=b/eth0.pcap", "eth0.pcap"])).is_ok());
    }

    #[test]
    fn a_mac_is_for_a_node_that_has_a_capture() {
        let files: [Vantage; 1] = ["n1.pcap".parse().unwrap()];
        let mac = |text: &str| text.parse::<OwnMac>();
        assert!(known(&[mac("n1=00:00:5e:00:53:01").unwrap()], &files).is_ok());
        assert!(known(&[mac("n2=00:00:5e:00:53:01").unwrap()], &files).unwrap_err().contains("only of n1"));
        assert!(mac("n1").is_err() && mac("n1=0:0").is_err());
    }
}
