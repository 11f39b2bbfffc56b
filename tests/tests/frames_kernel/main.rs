//! Frames through the kernel programs and through the user-space parser: one table, one truth.

mod case;
mod mutated;
mod news;
mod received_arp;
mod received_ndp;
mod replayed;
mod sent;
mod sequence;
mod traffic;
mod truncated;
mod unrelated;
mod wire;

use anyhow::{Context as _, Result, ensure};
use l2witness_ebpf::layout::Direction;
use l2witness_tests::kernel::{self, Kernel, NEXT, Outcome, model};
use l2witness_tests::lab::Lab;

use case::{Case, OWN, WATCHED, mac};

/// All cases of the table.
fn table() -> Vec<Case> {
    [
        received_arp::cases(),
        received_ndp::cases(),
        received_ndp::advertised_cases(),
        received_ndp::extended_cases(),
        sent::cases(),
        unrelated::cases(),
        truncated::cases(),
    ]
    .concat()
}

#[test]
fn every_frame_of_the_table_changes_in_the_kernel_what_it_should_and_nothing_else() -> Result<()> {
    in_kernel(|kernel| {
        for case in table().into_iter().filter(|case| kernel::takes(&case.frame)) {
            let name = &case.name;
            let verdict = kernel.run_as(case.direction, &case.frame, case.context()).context(name.clone())?;

            assert_eq!(verdict, NEXT, "{name}");
            assert_eq!(kernel.outcome()?, case.expected, "{name} ({:?})", case.direction);
        }
        Ok(())
    })
}

#[test]
fn the_user_space_parser_reads_every_frame_of_the_table_as_the_kernel_does() {
    for Case { name, frame, direction, sender, expected } in table() {
        let place = model::Place { watched: &WATCHED, own: mac(OWN), sender };

        assert_eq!(model::outcome(&place, direction, &frame), expected, "{name} ({direction:?})");
    }
}

#[test]
fn the_table_names_each_case_once_and_reaches_every_counter_and_reason_a_single_frame_can() {
    use l2witness_ebpf::layout::{Counter, Ignored};
    use std::collections::BTreeSet;
    let table = table();
    let names: BTreeSet<_> = table.iter().map(|case| (case.name.as_str(), case.direction as u8)).collect();
    let counters: BTreeSet<_> = table
        .iter()
        .flat_map(|case| &case.expected.counts)
        .map(|(_, counter, _)| *counter as usize)
        .collect();
    let reasons: BTreeSet<_> =
        table.iter().flat_map(|case| &case.expected.ignored).map(|(reason, _)| *reason as u32).collect();

    assert_eq!(names.len(), table.len(), "a name stands twice");
    // BPF_PROG_TEST_RUN has a socket for every frame, the kernel has none for its ARP; and a request
    // is unanswered only when the next one comes.
    let unreached = [Counter::AnnouncementRequestSentKernel, Counter::Unanswered];
    let missing: Vec<_> = (0..Counter::COUNT).filter(|counter| !counters.contains(counter)).collect();
    assert_eq!(missing, unreached.map(|counter| counter as usize), "counters without a case");
    let frames = Ignored::ALL.iter().filter(|reason| !reason.is_event());
    let missing: Vec<_> = frames.filter(|reason| !reasons.contains(&(**reason as u32))).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

#[test]
fn a_frame_shorter_than_its_ethernet_header_never_gets_to_a_program() -> Result<()> {
    in_kernel(|kernel| {
        for length in 0..14 {
            ensure!(kernel.run(Direction::Received, &[0xff; 14][..length]).is_err(), "{length} bytes");
        }
        assert_eq!(kernel.outcome()?, Outcome::default());
        Ok(())
    })
}

/// Runs `test` with freshly loaded programs on the first host of a lab, whose hardware address is [`OWN`].
fn in_kernel(test: impl FnOnce(&mut Kernel) -> Result<()> + Send) -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let host = lab.host("node1")?;
    assert_eq!(host.mac(), OWN);
    host.enter(|| test(&mut Kernel::load(&host, "eth0", &WATCHED)?))
}
