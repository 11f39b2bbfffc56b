//! Other programs on the same interface.

use anyhow::Result;
use aya::programs::TcAttachType;
use l2witness::wire::{HookChoice, PROGRAM_IN, PROGRAM_OUT};
use l2witness_ebpf::layout::Counter;
use l2witness_tests::kernel::Kernel;
use l2witness_tests::lab::{Host, Lab, lb_ipv4};

use crate::{DIRECTIONS, HOOKS, REPLIES, REQUESTS, assert_counts, exchange, on_tcx, start, tc};

/// Drops every frame: in BPF, `return 2`, which is `TC_ACT_SHOT`.
const DROP: &str = "protocol all bpf direct-action bytecode 1,6!0!0!2";

/// What others had there before: a queue, a clsact qdisc, and in each direction a filter of this preference,
/// the smallest of which is asked first. It takes every frame, and no filter behind it gets any.
fn foreign(host: &Host, preference: u16) -> Result<()> {
    tc::run(host, "qdisc add dev eth0 root handle 77: pfifo limit 5000")?;
    tc::run(host, "qdisc add dev eth0 clsact")?;
    for (direction, ..) in DIRECTIONS {
        let filter = format!("pref {preference} protocol all u32 match u32 0 0 flowid 1:1");
        tc::run(host, &format!("filter add dev eth0 {direction} {filter}"))?;
    }
    Ok(())
}

#[test]
fn the_queue_and_the_filters_of_others_are_there_before_while_and_after() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    for hook in HOOKS {
        let (router, node) = (lab.host(&format!("r-{hook}"))?, lab.host(hook)?);
        foreign(&node, 60000)?;
        let state = || -> Result<_> {
            let foreign = |direction| -> Result<Vec<String>> {
                let filters = tc::filters(&node, direction)?;
                Ok(filters.lines().filter(|line| !line.contains(" bpf ")).map(str::to_owned).collect())
            };
            Ok((tc::qdiscs(&node)?, foreign("ingress")?, foreign("egress")?))
        };
        let before = state()?;
        assert!(before.0.contains("pfifo 77:") && !before.1.is_empty() && !before.2.is_empty(), "{before:?}");

        // A killed agent, one that cleans up after it, and one that ends as it should.
        drop(start(&node, hook)?);
        assert_eq!(state()?, before, "{hook}, after a kill");
        let agent = start(&node, hook)?;
        assert_eq!(state()?, before, "{hook}, after the next start");
        exchange(&router, &node)?;
        assert_counts(&agent, 1)?;
        agent.stop()?;
        assert_eq!(state()?, before, "{hook}, after the end");
        for (direction, _, program) in DIRECTIONS {
            assert!(!tc::filters(&node, direction)?.contains(program), "{hook}, {direction}");
        }
    }
    Ok(())
}

/// Filters of other programs have small preferences as a rule: that of Cilium's is 1.
#[test]
fn a_filter_of_a_smaller_preference_hides_no_frame() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    for hook in HOOKS {
        let (router, node) = (lab.host(&format!("r-{hook}"))?, lab.host(hook)?);
        foreign(&node, 100)?;
        let agent = start(&node, hook)?;
        exchange(&router, &node)?;
        assert_counts(&agent, 1)?;
    }
    Ok(())
}

#[test]
fn a_filter_of_another_name_made_of_bpf_too_stays() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let node = lab.host("node1")?;
    tc::run(&node, "qdisc add dev eth0 clsact")?;
    let pass = "pref 7 handle 0x7 protocol all bpf direct-action bytecode 1,6!0!0!4294967295";
    tc::run(&node, &format!("filter add dev eth0 ingress {pass}"))?;
    tc::run(&node, &format!("filter add dev eth0 egress {pass}"))?;
    for hook in ["clsact", "clsact", "tcx"] {
        drop(start(&node, hook)?);
    }
    start(&node, "clsact")?.stop()?;

    for (direction, _, program) in DIRECTIONS {
        let filters = tc::filters(&node, direction)?;
        assert!(filters.contains("pref 7 bpf chain 0 handle 0x7"), "{direction}: {filters}");
        assert!(!filters.contains(program), "{direction}: {filters}");
    }
    Ok(())
}

/// The verdict is always "go on": whoever comes next decides as if we were not there.
#[test]
fn a_filter_behind_ours_still_drops_and_ours_has_counted() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    for hook in HOOKS {
        let (router, node) = (lab.host(&format!("r-{hook}"))?, lab.host(hook)?);
        tc::run(&node, "qdisc add dev eth0 clsact")?;
        let agent = start(&node, hook)?;
        assert!(answers(&router, &node)?, "{hook}: before");

        tc::run(&node, &format!("filter add dev eth0 ingress pref 60000 {DROP}"))?;
        assert!(!answers(&router, &node)?, "{hook}: the drop behind it does not work");
        exchange(&router, &node)?;
        assert_counts(&agent, 1)?;

        tc::run(&node, "filter del dev eth0 ingress pref 60000")?;
        assert!(answers(&router, &node)?, "{hook}: after");
    }
    Ok(())
}

#[test]
fn a_tcx_program_behind_ours_sees_every_frame_too() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, node) = (lab.host("router")?, lab.host("node1")?);
    // Any other program would do; this one counts.
    let mut neighbour = node.enter(|| {
        let mut kernel = Kernel::load(&node, "eth0", &[lb_ipv4(0).into()])?;
        kernel.attach("eth0", HookChoice::Tcx)?;
        anyhow::Ok(kernel)
    })?;
    let agent = start(&node, "auto")?;
    assert_eq!(on_tcx(&node, TcAttachType::Ingress)?, [PROGRAM_IN, PROGRAM_IN]);

    exchange(&router, &node)?;

    assert_counts(&agent, 1)?;
    let slot = neighbour.slot(0)?;
    assert_eq!(slot.counts[Counter::RequestGroup as usize], REQUESTS);
    assert_eq!(slot.counts[Counter::ReplySentSocket as usize], REPLIES);
    agent.stop()?;
    assert_eq!(on_tcx(&node, TcAttachType::Egress)?, [PROGRAM_OUT], "the neighbour stays");
    neighbour.clear()
}

/// Whether the node's kernel answers for its own address.
fn answers(router: &Host, node: &Host) -> Result<bool> {
    let ip = node.v4().ip.to_string();
    Ok(router.command("arping").args(["-c", "1", "-w", "1", "-I", "eth0", &ip]).output()?.status.success())
}
