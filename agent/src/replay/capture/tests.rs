//! Files of both formats, whole and damaged.

use std::io::{self, Read};

use l2witness_ebpf::frame::Kind;

use super::{reading::INTERFACES, *};
use crate::replay::sample::{
    self, LB_IP, Order, block, interface, mac, packet, padded, pcap, plain, read, reply, request, section,
    watched,
};

const LE: Order = u32::to_le_bytes;
const BE: Order = u32::to_be_bytes;

/// Tap, time, and kind of each frame.
fn seen(capture: &Capture) -> Vec<(&str, u64, Kind)> {
    let name = |tap: u32| capture.taps[tap as usize].name.as_str();
    capture.seen.iter().map(|seen| (name(seen.tap), seen.time, seen.message.kind)).collect()
}

#[test]
fn classic_files_of_both_byte_orders_and_resolutions_are_read() {
    let (asks, answers) = (request(1), padded(reply(2, 1)));
    for (order, magic, fraction, nanoseconds) in [
        (LE, 0xa1b2_c3d4, 1, 1_000),
        (BE, 0xa1b2_c3d4, 999_999, 999_999_000),
        (LE, 0xa1b2_3c4d, 999_999_999, 999_999_999),
        (BE, 0xa1b2_3c4d, 7, 7),
    ] {
        let file = pcap(order, magic, 1, &[(5, 0, &asks), (5, fraction, &answers)]);
        let capture = read(&file);
        let expected =
            [("eth0", 5_000_000_000, Kind::Request), ("eth0", 5_000_000_000 + nanoseconds, Kind::Reply)];
        assert_eq!(seen(&capture), expected, "{magic:x}");
        assert_eq!(capture.damage, None);
        assert_eq!(capture.span, (expected[0].1, expected[1].1));
        assert_eq!(capture.seen.iter().map(|seen| seen.length).collect::<Vec<_>>(), [28, 46]);
    }
}

#[test]
fn pcapng_files_of_both_byte_orders_have_names_resolutions_and_directions() {
    let (asks, answers) = (request(1), reply(2, 1));
    for order in [LE, BE] {
        let file = [
            section(order),
            interface(order, 1, &[(2, b"eth0"), (9, &[9]), (6, &mac(2))]),
            interface(order, 1, &[(2, b"eth1"), (9, &[0x8a]), (14, &offset(order, 60))]),
            packet(order, 0, 7_000_000_001, &asks, &[(2, &order(0b1101))]),
            packet(order, 0, 7_000_000_002, &answers, &[(2, &order(0b10))]),
            packet(order, 0, 7_000_000_003, &answers, &[(2, &order(0b10001)), (1, b"a comment")]),
            packet(order, 1, 8 << 10, &asks, &[]),
            // Statistics, and something that nobody knows.
            block(order, 5, &[0; 12]),
            block(order, 0x4000_0001, &[1, 2, 3]),
        ];
        let capture = read(&file.concat());
        let expected = [
            ("eth0", 7_000_000_001, Kind::Request),
            ("eth0", 7_000_000_002, Kind::Reply),
            ("eth0", 7_000_000_003, Kind::Reply),
            ("eth1", 68_000_000_000, Kind::Request),
        ];
        assert_eq!(seen(&capture), expected);
        assert_eq!(capture.damage, None);
        let ways: Vec<_> = capture.seen.iter().map(|seen| seen.way).collect();
        assert_eq!(ways, [Some(Way::In), Some(Way::Out), Some(Way::InForOther), None]);
        assert_eq!(capture.taps[0].mac, Some(Mac::from_octets(mac(2))));
        assert_eq!((capture.taps[0].by_address, capture.taps[1].by_address), (false, true));
    }
}

fn offset(order: Order, seconds: u32) -> [u8; 8] {
    let (high, low) = (order(0), order(seconds));
    let words = if order(1) == [1, 0, 0, 0] { [low, high] } else { [high, low] };
    words.concat().try_into().unwrap()
}

#[test]
fn each_section_describes_its_interfaces_anew_in_its_own_byte_order() {
    let asks = request(1);
    let file = [
        section(LE),
        interface(LE, 1, &[(2, b"eth0")]),
        interface(LE, 1, &[(2, b"eth1")]),
        packet(LE, 1, 1_000_000, &asks, &[]),
        section(BE),
        interface(BE, 1, &[(2, b"eth1")]),
        packet(BE, 0, 2_000_000, &asks, &[]),
    ];
    let capture = read(&file.concat());
    assert_eq!(
        seen(&capture),
        [("eth1", 1_000_000_000, Kind::Request), ("eth1", 2_000_000_000, Kind::Request)]
    );
}

#[test]
fn interfaces_without_a_name_have_the_given_one_and_a_number() {
    let asks = request(1);
    let file = [
        section(LE),
        interface(LE, 1, &[]),
        interface(LE, 1, &[]),
        packet(LE, 0, 1, &asks, &[]),
        packet(LE, 1, 2, &asks, &[]),
    ];
    let capture = read(&file.concat());
    assert_eq!(seen(&capture).iter().map(|seen| seen.0).collect::<Vec<_>>(), ["eth0", "eth01"]);
}

#[test]
fn frames_without_a_time_and_of_other_link_types_are_left_out_and_told() {
    let asks = request(1);
    let file = [
        section(LE),
        interface(LE, 1, &[]),
        interface(LE, 228, &[]),
        block(LE, 3, &[&LE(42)[..], &asks].concat()),
        packet(LE, 1, 1, &asks, &[]),
        packet(LE, 0, 2, &asks, &[]),
    ];
    let capture = read(&file.concat());
    assert_eq!(capture.seen.len(), 1);
    assert_eq!((capture.frames, capture.untimed), (3, 1));
    assert_eq!(capture.unread.iter().copied().collect::<Vec<_>>(), [228]);
}

#[test]
fn what_is_no_capture_is_said_in_a_few_words() {
    let header = plain(&[]);
    for (file, wanted) in [
        (&b""[..], "is empty"),
        (b"{\"schema\": 1}", "neither pcap nor pcapng"),
        (&[0x1f, 0x8b, 8, 0], "is compressed"),
        (&header[..23], "damaged at byte 0"),
        (&section(LE)[..20], "damaged at byte 0"),
        (&pcap(LE, 0xa1b2_c3d4, 228, &[]), "has link type 228"),
        (&[section(LE), interface(LE, 147, &[])].concat(), "has link type 147"),
    ] {
        let error = Capture::read(file, "eth0", &mut watched(), None).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
    assert_eq!(read(&header).frames, 0);
}

#[test]
fn what_stands_before_the_damage_is_used_and_its_place_is_told() {
    let (asks, answers) = (request(1), padded(reply(2, 1)));
    let whole = plain(&[(1, 0, &asks), (2, 0, &answers), (3, 0, &asks)]);
    let second = 24 + 16 + 42 + 16 + 60;
    let mut garbled = whole.clone();
    garbled[second + 8..second + 12].fill(0xff);
    let mut long = whole.clone();
    long[second + 8..second + 12].copy_from_slice(&262_145_u32.to_le_bytes());
    long.resize(second + 16 + 262_145, 0);
    let mut no_time = whole.clone();
    no_time[second + 4..second + 8].fill(0xff);
    for (file, wanted) in [
        (whole[..whole.len() - 1].to_vec(), "ends inside a block"),
        (whole[..second + 3].to_vec(), "ends inside a block"),
        (garbled, "a block is longer than 512 KiB"),
        (long, "a frame of 262145 bytes"),
        (no_time, "a fraction of a second of 4294967295"),
    ] {
        let capture = read(&file);
        let damage = capture.damage.clone().unwrap();
        assert_eq!((capture.seen.len(), damage.offset), (2, second as u64), "{damage}");
        assert!(damage.what.contains(wanted), "{damage}");
    }
}

#[test]
fn damage_in_pcapng_is_told_with_its_place_too() {
    let asks = request(1);
    let start = [section(LE), interface(LE, 1, &[]), packet(LE, 0, 1, &asks, &[])].concat();
    for (rest, wanted) in [
        (packet(LE, 7, 2, &asks, &[]), "no interface 7 is described"),
        (packet(LE, 0, 2, &asks, &[])[..40].to_vec(), "ends inside a block"),
        (vec![6, 0, 0, 0, 8, 0, 0, 0], "ends inside a block"),
        (block(LE, 6, &[0; 24])[..24].iter().copied().chain([9; 20]).collect(), "no block"),
        ([LE(99), LE(u32::MAX)].concat(), ""),
    ] {
        let capture = read(&[&start[..], &rest].concat());
        let damage = capture.damage.unwrap();
        assert_eq!((capture.seen.len(), damage.offset), (1, start.len() as u64), "{damage}");
        assert!(damage.what.contains(wanted), "{damage}");
    }
}

#[test]
fn more_interfaces_than_a_host_has_are_damage() {
    let frame = |index: u32| {
        let mut frame = sample::cooked2(1, 0, &request(1));
        frame[4..8].copy_from_slice(&index.to_be_bytes());
        frame
    };
    let frames: Vec<_> = (0..=INTERFACES as u32).map(frame).collect();
    let frames: Vec<_> = frames.iter().map(|frame| (1, 0, frame.as_slice())).collect();
    let capture = read(&pcap(LE, 0xa1b2_c3d4, 276, &frames));
    assert_eq!((capture.seen.len(), capture.taps.len()), (INTERFACES, INTERFACES));
    assert_eq!(capture.damage.unwrap().what, "more than 4096 interfaces");
}

#[test]
fn a_file_that_fails_while_it_is_read_says_why() {
    struct Failing(Vec<u8>);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Err(io::Error::other("the disk is gone"));
            }
            // A little at a time, as a pipe might.
            let some: Vec<_> = self.0.drain(..self.0.len().min(buffer.len()).min(1000)).collect();
            buffer[..some.len()].copy_from_slice(&some);
            Ok(some.len())
        }
    }
    let error = Capture::read(Failing(Vec::new()), "eth0", &mut watched(), None).unwrap_err();
    assert_eq!(error.to_string(), "can't be read: the disk is gone");
    let error = Capture::read(Failing(plain(&[(1, 0, &request(1))])), "eth0", &mut watched(), None);
    assert!(error.unwrap_err().to_string().ends_with("the disk is gone"));

    let frames = vec![0; 70_000];
    let long = plain(&[(1, 0, &frames), (2, 0, &request(1))]);
    let capture = Capture::read(Failing(long), "eth0", &mut watched(), None).unwrap();
    assert!(capture.damage.unwrap().what.ends_with("the disk is gone"));
}

#[test]
fn later_frames_are_left_out_of_everything_but_whose_mac_it_is() {
    let (asks, answers) = (request(1), reply(2, 1));
    let file = plain(&[(1, 0, &asks), (2, 0, &asks), (3, 0, &answers)]);
    let until = Timestamp::from_second(2).unwrap();
    let capture = Capture::read(&file[..], "eth0", &mut watched(), Some(until)).unwrap();
    assert_eq!((capture.seen.len(), capture.span), (2, (1_000_000_000, 2_000_000_000)));
    let [one, other] = [1, 2].map(|last| Mac::from_octets(mac(last)));
    assert_eq!(capture.taps[0].own, Candidates::Two(one, other));
}

#[test]
fn frames_about_others_and_unusable_ones_are_counted_as_the_kernel_counts_them() {
    let mut other = request(1);
    other[41] = 9;
    let mut opcode = request(1);
    opcode[21] = 8;
    let file = plain(&[(1, 0, &other), (1, 0, &opcode), (1, 0, &request(1)[..30]), (1, 0, &[0; 60])]);
    let capture = read(&file);
    let ignored = capture.taps[0].ignored;
    let counted: Vec<_> = Ignored::ALL.iter().filter(|reason| ignored[**reason as usize] > 0).collect();
    assert_eq!(counted, [&Ignored::NotWatched, &Ignored::Truncated, &Ignored::Opcode]);
    assert!(capture.seen.is_empty());
}

/// A stranger may have written the file: whatever stands in it, it is read to an end.
#[test]
fn no_damage_makes_reading_panic_or_last() {
    let (asks, answers) = (request(1), padded(reply(2, 1)));
    let classic = plain(&[(1, 0, &asks), (2, 0, &answers)]);
    // Obsolete and simple packets, names, statistics, a journal's entry, secrets, custom, process and unknown blocks.
    let others = [2, 3, 4, 5, 9, 10, 0xbad, 0x4000_0bad, 0x8000_0001, 0x77];
    let others =
        others.map(|kind| block(LE, kind, &[1, 0, 4, 0, 192, 0, 2, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0]));
    let ng = [
        section(LE),
        others.concat(),
        interface(LE, 276, &[(2, b"any"), (9, &[9])]),
        packet(LE, 0, 1, &sample::cooked2(4, 2, &answers), &[(2, &LE(2))]),
        packet(LE, 0, 2, &sample::cooked2(1, 2, &asks), &[]),
    ];
    for whole in [classic, ng.concat()] {
        for at in (0..whole.len()).step_by(11) {
            for value in [0, 0xff] {
                let mut file = whole.clone();
                file[at] = value;
                drop(Capture::read(&file[..], "eth0", &mut watched(), None));
            }
            drop(Capture::read(&whole[..at], "eth0", &mut watched(), None));
        }
    }
    assert_eq!(LB_IP.to_string(), "192.0.2.200");
}
