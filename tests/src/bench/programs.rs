//! Each way through the kernel programs, by `BPF_PROG_TEST_RUN`.

use std::path::PathBuf;
use std::process;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use aya::programs::{TestRun as _, TestRunOptions};
use l2witness::wire::{PROGRAM_DATA, PROGRAM_EMPTY, PROGRAM_IN, PROGRAM_OUT, Pins, Programs, Shared};

use super::addresses::{ASKER, ASKER6, v4, v6, watched};
use super::sample::{cpu_time, median, paired, rounds};
use super::table::{Row, Section, Target};
use crate::demo::interrupt;
use crate::frames::{MacAddr, Station, arp, documentation_mac, ndp, traffic};

/// Runs of a program a round.
const REPEAT: u32 = 500_000;
/// Room in the maps, as by default.
const CAPACITY: u32 = 4096;
/// LB IPs on the allow-list.
const WATCHED: u32 = 1000;

/// How long it takes at most until a signal is noted.
const NOTED: Duration = Duration::from_millis(100);

/// `TCX_NEXT`: the frame goes on.
const NEXT: u32 = u32::MAX;

/// One way.
struct Case {
    name: &'static str,
    program: &'static str,
    frame: Vec<u8>,
    /// Whether it is evidence about an LB IP.
    evidence: bool,
    target: Option<Target>,
}

pub(super) fn measure(count: usize) -> Result<Section> {
    let pins = Pins::hold(&PathBuf::from(format!("/sys/fs/bpf/l2witness-bench-{}", process::id())))?;
    let mut shared = Shared::create(&pins, CAPACITY)?;
    for (ip, index) in watched(WATCHED).zip(0..) {
        shared.insert(ip, index)?;
    }
    let mut programs = Programs::load(&pins, CAPACITY, true)?;
    programs.classifier(PROGRAM_EMPTY)?.load().context("load the empty program")?;
    let mut cases = cases();
    for case in &cases {
        check(&mut programs, case).with_context(|| case.name)?;
    }
    let samples = rounds(count, &mut cases, |case| {
        let before = cpu_time()?;
        run(&mut programs, case, REPEAT)?;
        Ok(cpu_time()?.saturating_sub(before).as_nanos() as f64 / f64::from(REPEAT))
    })?;
    let rows = cases.iter().zip(&samples).map(|(case, sample)| {
        let first = case.program == PROGRAM_EMPTY;
        Row {
            ratio: (!first).then(|| paired(sample, &samples[0], |value, base| value / base)),
            difference: (!first).then(|| paired(sample, &samples[0], |value, base| value - base)),
            target: case.target,
            ..Row::new(case.name, median(sample.clone()), "ns")
        }
    });
    Ok(Section { title: "The kernel programs, per frame", method: method(), rows: rows.collect() })
}

fn method() -> String {
    format!(
        "BPF_PROG_TEST_RUN, {REPEAT} runs a round: the thread's CPU time around the system call, divided by the\n\
         runs; the kernel's own loop is in every figure, also in that of the program that does nothing.\n\
         Ratio and difference are to that program in the same round. {WATCHED} LB IPs in maps with room for\n\
         {CAPACITY}, always the same one asked for: its entries are in the processor's cache."
    )
}

fn cases() -> Vec<Case> {
    let (a, b) = (Station::new(documentation_mac(2), v4(0)), Station::new(documentation_mac(2), v6(0)));
    let case = |name, program, frame, evidence, target| Case { name, program, frame, evidence, target };
    let link_local = Station::new(b.mac, [0xfe80, 0, 0, 0, 0, 0, 0, 2].into());
    let (asked, unwatched) = (arp::request(ASKER, a.ip), arp::request(ASKER, ASKER.ip));
    let nothing = traffic::udp4(ASKER, a, 64);
    // Frames of BPF_PROG_TEST_RUN come by the loopback interface: only what has its address is to this node.
    let lo = MacAddr::zero();
    vec![
        case("empty program", PROGRAM_EMPTY, nothing.clone(), false, None),
        case("IPv4, UDP", PROGRAM_IN, nothing, false, Some(Target::Ratio(1.05))),
        case("IPv6, UDP", PROGRAM_IN, traffic::udp6(ASKER6, b, 64), false, Some(Target::Ratio(1.10))),
        case(
            "ARP request, unwatched",
            PROGRAM_IN,
            unwatched.padded().bytes(),
            false,
            Some(Target::Difference(33.0)),
        ),
        case(
            "ARP request, watched",
            PROGRAM_IN,
            asked.padded().bytes(),
            true,
            Some(Target::Difference(45.0)),
        ),
        case(
            "ARP reply going out, watched",
            PROGRAM_OUT,
            arp::reply(a, ASKER).padded().bytes(),
            true,
            Some(Target::Difference(45.0)),
        ),
        case(
            "announcement coming in (ARP)",
            PROGRAM_IN,
            arp::gratuitous_request(a).padded().bytes(),
            true,
            None,
        ),
        case("NS, watched", PROGRAM_IN, ndp::solicit(ASKER6, b.ip).bytes(), true, None),
        case(
            "NA going out, watched",
            PROGRAM_OUT,
            ndp::advertise(link_local, b.ip, ASKER6).bytes(),
            true,
            None,
        ),
        // Only with --observe-traffic; then each packet that comes in also passes the first program.
        case(
            "--observe-traffic: to another IP",
            PROGRAM_DATA,
            traffic::udp4(ASKER, Station::new(lo, ASKER.ip), 64),
            false,
            None,
        ),
        case(
            "--observe-traffic: to an LB IP",
            PROGRAM_DATA,
            traffic::udp4(ASKER, Station::new(lo, a.ip), 64),
            true,
            Some(Target::Difference(45.0)),
        ),
        case(
            "--observe-traffic: to an LB IP, IPv6",
            PROGRAM_DATA,
            traffic::udp6(ASKER6, Station::new(lo, b.ip), 64),
            true,
            None,
        ),
    ]
}

/// Whether the frame goes the way it is named for.
fn check(programs: &mut Programs, case: &Case) -> Result<()> {
    let counted = |programs: &Programs| -> u64 {
        let slots = (0..WATCHED).filter_map(|index| programs.slot(index));
        let packets = (0..WATCHED).filter_map(|index| Some(programs.traffic(index)?.packets));
        slots.flat_map(|slot| slot.counts).chain(packets).sum()
    };
    let before = counted(programs);
    run(programs, case, 1)?;
    ensure!((counted(programs) > before) == case.evidence, "it is not counted as it should be");
    Ok(())
}

fn run(programs: &mut Programs, case: &Case, repeat: u32) -> Result<()> {
    let options = TestRunOptions { data_in: Some(&case.frame), repeat, ..TestRunOptions::new() };
    let result = programs.classifier(case.program)?.test_run(options).or_else(|error| {
        // A signal ends the system call, too; it may not be noted yet.
        interrupt::pause(NOTED)?;
        Err(error).context("BPF_PROG_TEST_RUN")
    })?;
    ensure!(result.return_value == NEXT, "{} returned {}", case.program, result.return_value);
    Ok(())
}
