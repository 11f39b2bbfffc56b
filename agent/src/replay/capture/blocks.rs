//! pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), block by block.

use std::{
    cell::RefCell,
    io::{self, Cursor, Read},
    rc::Rc,
};

use l2witness_ebpf::frame::Mac;
use pcap_parser::{
    Block as Ng, EnhancedPacketBlock, InterfaceDescriptionBlock, LegacyPcapReader, OptionCode,
    PcapBlockOwned, PcapError, PcapNGReader, traits::PcapReaderIterator,
};

use super::{Damage, NoCapture, clock::Clock};

/// Bytes that are looked at before it is known what they are.
const START: u64 = 64 << 10;
/// Bytes read at a time. No frame is longer.
const CAPACITY: usize = 512 << 10;
/// The longest frame that libpcap writes (`MAXIMUM_SNAPLEN`).
const LONGEST_FRAME: u32 = 262_144;
/// Blocks of pcapng that hold no frame may be longer, within reason: secrets, for one.
const LONGEST_BLOCK: usize = 4 << 20;

/// What a capture is made of.
pub(super) enum Block<'a> {
    /// The interfaces that were described no longer hold.
    Section,
    /// An interface: the next number in this section, or the only one of a classic file.
    Interface(Description),
    /// A frame.
    Packet(Packet<'a>),
    /// A frame without a time, which proves nothing.
    Untimed,
    /// Anything else.
    Other,
}

/// What a file says of an interface.
pub(super) struct Description {
    /// `LINKTYPE_…`.
    pub(super) link: i32,
    pub(super) name: Option<String>,
    pub(super) mac: Option<Mac>,
    pub(super) clock: Clock,
}

/// A frame as it lies in the file.
pub(super) struct Packet<'a> {
    pub(super) interface: u32,
    /// See [`Clock::nanoseconds`].
    pub(super) ticks: u64,
    /// On the wire, of which `data` may be the beginning.
    pub(super) length: u32,
    /// `epb_flags`, 0 where there are none.
    pub(super) flags: u32,
    pub(super) data: &'a [u8],
}

/// Reads until the end or the first damage; `visit` may find damage, too.
pub(super) fn read(
    input: impl Read,
    mut visit: impl FnMut(Block<'_>) -> Result<(), String>,
) -> Result<Option<Damage>, NoCapture> {
    let failed = Rc::new(RefCell::new(None));
    let mut input = Noting { input, failed: Rc::clone(&failed) };
    let mut start = Vec::new();
    let read = input.by_ref().take(START).read_to_end(&mut start);
    read.map_err(|error| NoCapture::Unreadable(failed.take().unwrap_or(error)))?;
    let magic = Magic::of(&start)?;
    let input = Cursor::new(start).chain(input);
    let longest = if magic == Magic::Pcap { CAPACITY } else { LONGEST_BLOCK };
    let mut capacity = CAPACITY;
    let broken = |_: PcapError<&[u8]>| NoCapture::Header;
    let mut reader: Box<dyn PcapReaderIterator + '_> = match magic {
        Magic::Pcap => Box::new(LegacyPcapReader::new(CAPACITY, input).map_err(broken)?),
        Magic::Pcapng => Box::new(PcapNGReader::new(CAPACITY, input).map_err(broken)?),
    };
    let mut translator = Translator::default();
    loop {
        let step = match reader.next() {
            Ok((length, block)) => match translator.translate(block).and_then(&mut visit) {
                Ok(()) => Step::Over(length),
                Err(what) => Step::Damage(what),
            },
            Err(PcapError::Eof) => return Ok(None),
            Err(PcapError::Incomplete(_)) => Step::Refill,
            Err(PcapError::BufferTooSmall) => Step::Grow,
            Err(PcapError::UnexpectedEof) => Step::Damage("it ends inside a block".to_owned()),
            Err(_) => Step::Damage("what stands there is no block".to_owned()),
        };
        let what = match step {
            Step::Over(length) => {
                reader.consume(length);
                continue;
            }
            Step::Refill => match refill(&mut *reader, &failed) {
                Ok(()) => continue,
                Err(what) => what,
            },
            Step::Grow => {
                if capacity < longest && reader.grow(longest) {
                    capacity = longest;
                    continue;
                }
                format!("a block is longer than {} KiB", capacity >> 10)
            }
            Step::Damage(what) => what,
        };
        return Ok(Some(Damage { offset: reader.consumed() as u64, what }));
    }
}

/// What comes next, without the reader's borrow.
enum Step {
    Over(usize),
    Refill,
    Grow,
    Damage(String),
}

fn refill(
    reader: &mut (dyn PcapReaderIterator + '_),
    failed: &RefCell<Option<io::Error>>,
) -> Result<(), String> {
    let before = reader.data().len();
    if reader.refill().is_err() {
        let error = failed.take().map_or_else(String::new, |error| format!(": {error}"));
        return Err(format!("it can't be read on{error}"));
    }
    // More would never come.
    if reader.data().len() == before && !reader.reader_exhausted() {
        return Err("what stands there is no block".to_owned());
    }
    Ok(())
}

/// Keeps the error that pcap-parser drops, and goes on after a signal.
struct Noting<R> {
    input: R,
    failed: Rc<RefCell<Option<io::Error>>>,
}

impl<R: Read> Read for Noting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.input.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let kind = error.kind();
                    self.failed.replace(Some(error));
                    return Err(kind.into());
                }
                read => return read,
            }
        }
    }
}

/// The two formats.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Magic {
    Pcap,
    Pcapng,
}

impl Magic {
    fn of(start: &[u8]) -> Result<Self, NoCapture> {
        Ok(match start {
            [] => return Err(NoCapture::Empty),
            [0x0a, 0x0d, 0x0d, 0x0a, ..] => Self::Pcapng,
            // Micro- and nanoseconds, either byte order, and Kuznetzov's variant.
            [0xd4, 0xc3, 0xb2, 0xa1, ..]
            | [0xa1, 0xb2, 0xc3, 0xd4, ..]
            | [0x4d, 0x3c, 0xb2, 0xa1, ..]
            | [0xa1, 0xb2, 0x3c, 0x4d, ..]
            | [0x34, 0xcd, 0xb2, 0xa1, ..] => Self::Pcap,
            // gzip, zstd, xz, bzip2.
            [0x1f, 0x8b, ..]
            | [0x28, 0xb5, 0x2f, 0xfd, ..]
            | [0xfd, b'7', b'z', b'X', ..]
            | [b'B', b'Z', b'h', ..] => return Err(NoCapture::Compressed),
            _ => return Err(NoCapture::Unknown),
        })
    }
}

/// From pcap-parser's blocks to ours.
#[derive(Default)]
struct Translator {
    /// Of a classic file: units of the fraction in a second.
    fraction: u32,
}

impl Translator {
    fn translate<'a>(&mut self, block: PcapBlockOwned<'a>) -> Result<Block<'a>, String> {
        Ok(match block {
            PcapBlockOwned::LegacyHeader(header) => {
                let digits = if header.is_nanosecond_precision() { 9 } else { 6 };
                self.fraction = 10_u32.pow(digits.into());
                // Above the type stand the length of a checksum and reserved bits.
                let link = header.network.0 & 0x03ff_ffff;
                Block::Interface(Description { link, name: None, mac: None, clock: Clock::new(digits, 0) })
            }
            PcapBlockOwned::Legacy(frame) => {
                if frame.caplen > LONGEST_FRAME {
                    return Err(format!("a frame of {} bytes", frame.caplen));
                }
                if frame.ts_usec >= self.fraction {
                    return Err(format!("a fraction of a second of {}", frame.ts_usec));
                }
                let ticks = u64::from(frame.ts_sec) * u64::from(self.fraction) + u64::from(frame.ts_usec);
                let (length, data) = (frame.origlen, frame.data);
                Block::Packet(Packet { interface: 0, ticks, length, flags: 0, data })
            }
            PcapBlockOwned::NG(Ng::SectionHeader(_)) => Block::Section,
            PcapBlockOwned::NG(Ng::InterfaceDescription(interface)) => {
                Block::Interface(described(&interface))
            }
            PcapBlockOwned::NG(Ng::EnhancedPacket(frame)) => Block::Packet(enhanced(&frame)),
            PcapBlockOwned::NG(Ng::SimplePacket(_)) => Block::Untimed,
            PcapBlockOwned::NG(_) => Block::Other,
        })
    }
}

fn described(interface: &InterfaceDescriptionBlock<'_>) -> Description {
    let big_endian = interface.block_type != pcap_parser::IDB_MAGIC;
    // pcap-parser reads it as little-endian whatever the section says.
    let value = |code| interface.options.iter().find(|option| option.code == code)?.as_bytes().ok();
    let offset = value(OptionCode::IfTsoffset)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, |bytes| if big_endian { i64::from_be_bytes(bytes) } else { i64::from_le_bytes(bytes) });
    let name = value(OptionCode::IfName).map(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        text.trim_end_matches('\0').to_owned()
    });
    let mac = value(OptionCode::IfMacAddr).and_then(|bytes| bytes.try_into().ok()).map(Mac::from_octets);
    Description {
        link: interface.linktype.0,
        name: name.filter(|name| !name.is_empty()),
        mac,
        clock: Clock::new(interface.if_tsresol, offset),
    }
}

/// `epb_flags`; as a code of its block it has the number that pcap-parser calls by another block's option.
const EPB_FLAGS: OptionCode = OptionCode(2);

fn enhanced<'a>(frame: &EnhancedPacketBlock<'a>) -> Packet<'a> {
    let big_endian = frame.block_type != pcap_parser::EPB_MAGIC;
    let flags = frame.options.iter().find(|option| option.code == EPB_FLAGS);
    let flags = flags
        .and_then(|option| option.as_bytes().ok()?.try_into().ok())
        .map_or(0, |bytes| if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) });
    Packet {
        interface: frame.if_id,
        ticks: u64::from(frame.ts_high) << 32 | u64::from(frame.ts_low),
        length: frame.origlen,
        flags,
        // Without the padding.
        data: frame.data.get(..frame.caplen as usize).unwrap_or(frame.data),
    }
}
