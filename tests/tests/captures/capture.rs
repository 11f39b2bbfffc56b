//! A capture file, read frame by frame with the user-space parser.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use l2witness_ebpf::frame::{self, Kind, Mac, Message, Protocol, SliceBytes};
use pcap_parser::pcap::PcapCapture;

pub(crate) const FILES: [&str; 8] = [
    "metallb-0.8.2-kube-1.17.6/n1.pcap",
    "metallb-0.8.2-kube-1.17.6/n2.pcap",
    "metallb-0.8.2-kube-1.17.6/n3.pcap",
    "metallb-0.8.2-kube-1.17.6/rt.pcap",
    "metallb-0.15.3-kube-1.34.4/n1.pcap",
    "metallb-0.15.3-kube-1.34.4/n2.pcap",
    "metallb-0.15.3-kube-1.34.4/n3.pcap",
    "metallb-0.15.3-kube-1.34.4/rt.pcap",
];

pub(crate) const KINDS: [Kind; 5] =
    [Kind::Request, Kind::Reply, Kind::AnnouncementRequest, Kind::AnnouncementReply, Kind::Probe];

/// All there is in one file.
pub(crate) struct Capture {
    pub(crate) frames: Vec<Vec<u8>>,
    pub(crate) messages: Vec<Seen>,
}

/// A message and when it was seen.
pub(crate) struct Seen {
    /// UTC, `hh:mm:ss.micros`.
    pub(crate) time: String,
    pub(crate) message: Message,
}

impl Capture {
    pub(crate) fn read(file: &str) -> Result<Self> {
        let bytes = fs::read(path(file)).with_context(|| file.to_owned())?;
        let capture = PcapCapture::from_file(&bytes).map_err(|error| anyhow!("{file}: {error:?}"))?;
        let (mut frames, mut messages) = (Vec::new(), Vec::new());
        for block in &capture.blocks {
            assert_eq!(block.caplen, block.origlen, "{file}: a frame is cut off");
            frames.push(block.data.to_vec());
            if let Ok(message) = frame::parse(&SliceBytes(block.data)) {
                messages.push(Seen { time: clock(block.ts_sec, block.ts_usec), message });
            }
        }
        Ok(Self { frames, messages })
    }

    /// The messages about one IP.
    pub(crate) fn of(&self, ip: IpAddr) -> impl Iterator<Item = &Seen> {
        self.messages.iter().filter(move |seen| IpAddr::from(seen.message.subject) == ip)
    }
}

impl Seen {
    /// Whether it is a reply or an announcement of this hardware address.
    pub(crate) fn claims(&self, mac: Mac) -> bool {
        self.message.hardware == mac && !matches!(self.message.kind, Kind::Request | Kind::Probe)
    }

    /// Whether it is Neighbor Discovery, else it is ARP.
    pub(crate) fn is_ndp(&self) -> bool {
        self.message.protocol == Protocol::Ndp
    }

    /// `time who-has IP tell IP` or `time IP is-at MAC`.
    pub(crate) fn as_tcpdump_has_it(&self) -> String {
        let Self { time, message } = self;
        let subject = IpAddr::from(message.subject);
        match message.kind {
            Kind::Request => format!("{time} who-has {subject} tell {}", IpAddr::from(message.sender)),
            Kind::AnnouncementRequest => format!("{time} who-has {subject} tell {subject}"),
            Kind::Probe => format!("{time} who-has {subject} tell 0.0.0.0"),
            Kind::Reply | Kind::AnnouncementReply => format!("{time} {subject} is-at {}", message.hardware),
        }
    }
}

pub(crate) fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(file)
}

fn clock(seconds: u32, micros: u32) -> String {
    let day = seconds % 86_400;
    format!("{:02}:{:02}:{:02}.{micros:06}", day / 3600, day / 60 % 60, day % 60)
}
