//! Frames as a capture file (the classic pcap format, version 2.4, microseconds, Ethernet).

use std::time::Duration;

/// Bytes kept of each frame: all of them.
const SNAPLEN: u32 = 65_535;
/// `DLT_EN10MB`.
const ETHERNET: u32 = 1;

/// A capture of `frames`, each with its time since the epoch.
pub fn capture<'a>(frames: impl IntoIterator<Item = (Duration, &'a [u8])>) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(0xa1b2_c3d4_u32.to_le_bytes());
    file.extend(2_u16.to_le_bytes());
    file.extend(4_u16.to_le_bytes());
    file.extend([0; 8]);
    file.extend(SNAPLEN.to_le_bytes());
    file.extend(ETHERNET.to_le_bytes());
    for (time, frame) in frames {
        file.extend((time.as_secs() as u32).to_le_bytes());
        file.extend(time.subsec_micros().to_le_bytes());
        file.extend((frame.len() as u32).to_le_bytes());
        file.extend((frame.len() as u32).to_le_bytes());
        file.extend(frame);
    }
    file
}
