//! What can't be used is refused in one line before anything is printed.

use std::{fs, path::Path};

use clap::{CommandFactory as _, Parser};
use tempfile::TempDir;

use super::*;

/// The subcommand alone.
#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

fn fails(folder: &Path, args: &[&str]) -> Failure {
    let args = args.iter().map(|arg| arg.replace("DIR", &folder.display().to_string()));
    let line = Line::try_parse_from(["replay".to_owned()].into_iter().chain(args)).unwrap();
    run(&line.args).unwrap_err()
}

/// A classic file's header: microseconds, little-endian, Ethernet.
const HEADER: [u8; 24] =
    [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0];

#[test]
fn what_can_t_be_used_is_named_with_its_file() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("report.json", b"{}");
    write("nothing.pcap", b"");
    write("n1.pcap.gz", &[0x1f, 0x8b, 8]);
    write("n1.pcap", &HEADER);
    let table: [(&[&str], &str); 9] = [
        (&["--lb-ip=192.0.2.1", "DIR/missing.pcap"], "missing.pcap: can't be opened: No such file"),
        (&["--lb-ip=192.0.2.1", "DIR/report.json"], "report.json is neither pcap nor pcapng"),
        (&["--lb-ip=192.0.2.1", "DIR/nothing.pcap"], "nothing.pcap is empty"),
        (&["--lb-ip=192.0.2.1", "DIR/n1.pcap.gz"], "n1.pcap.gz is compressed"),
        (&["--lb-ip=192.0.2.1", "DIR"], "can't be read: Is a directory"),
        (&["--lb-ip=192.0.2.1", "DIR/n1.pcap", "DIR/x/n1.pcap"], "would both be node n1"),
        (&["--lb-ip=192.0.2.1", "--mac=n2=00:00:5e:00:53:01", "DIR/n1.pcap"], "there is no capture of n2"),
        (&["--lb-ip=192.0.2.300", "DIR/n1.pcap"], "--lb-ip: \"192.0.2.300\" is neither an IP address"),
        (&["--lb-ip=224.0.0.0/4", "DIR/n1.pcap"], "can't be an LB IP: it is multicast"),
    ];
    for (args, wanted) in table {
        let failure = fails(folder.path(), args);
        let text = failure.to_string();
        assert!(matches!(failure, Failure::Usage(_)), "{args:?}: {text}");
        assert!(text.contains(wanted) && text.lines().count() == 1, "{args:?}: {text}");
    }
    let failure = fails(folder.path(), &["--lb-ip=192.0.2.1", "DIR/n1.pcap"]);
    assert_eq!(failure.to_string(), "there is no frame in these captures");
    assert!(matches!(failure, Failure::Unreachable(_)));
}

#[test]
fn the_arguments_are_checked() {
    Line::command().debug_assert();
    for args in [
        &["replay", "n1.pcap"][..],
        &["replay", "--lb-ip", "192.0.2.1"],
        &["replay", "--lb-ip", "192.0.2.1", "--at", "noon", "n1.pcap"],
        &["replay", "--lb-ip", "192.0.2.1", "--mac", "n1=0:0", "n1.pcap"],
        &["replay", "--lb-ip", "192.0.2.1", "--events", "-o", "json", "n1.pcap"],
    ] {
        assert!(Line::try_parse_from(args).is_err(), "{args:?}");
    }
}

#[test]
fn what_is_left_out_is_noted() {
    let vantage: Vantage = "n1.pcap".parse().unwrap();
    let mut watched = Watched::new(&["192.0.2.1"]).unwrap();
    let file = [&HEADER[..], &[0; 16], &[1; 3]].concat();
    let capture = Capture::read(file.as_slice(), INTERFACE, &mut watched, None).unwrap();
    let notes = notes(&vantage, &capture);
    assert_eq!(
        notes,
        ["n1.pcap is damaged at byte 40: it ends inside a block; what is used: the 1 frame before that"]
    );
}
