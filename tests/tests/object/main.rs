//! The kernel object that the agent embeds: what is in it, and what it takes to load it.

mod capabilities;
mod code;

use std::mem::size_of;

use anyhow::{Context as _, Result};
use l2witness::wire::OBJECT;
use l2witness_ebpf::frame::Address;
use l2witness_ebpf::layout::{Claims, Ignored, PREFILTER_WORDS, Slot, Traffic};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};

use code::{Call, Code, Instruction};

/// Of `linux/bpf.h`.
const HASH: usize = 1;
const ARRAY: usize = 2;
const RINGBUF: usize = 27;
const MMAPABLE: usize = 1 << 10;

const PROGRAMS: [&str; 4] = ["l2witness_in", "l2witness_out", "l2witness_data", "l2witness_empty"];

/// Their loops over pointers are what the verifier refuses without `CAP_PERFMON`.
#[test]
fn nothing_in_the_object_calls_a_memory_function() -> Result<()> {
    let file = object::File::parse(OBJECT)?;
    let open = file.symbols().filter(|symbol| symbol.is_undefined() && symbol.name() != Ok(""));
    assert_eq!(open.count(), 0, "undefined symbols");
    let ours = ["8frame_in", "9frame_out"];
    let calls = code::calls(&file)?;
    for call in &calls {
        match call {
            Call::Helper(_) => {}
            Call::Function(name) => assert!(ours.iter().any(|ours| name.ends_with(ours)), "{name} is called"),
            Call::Other(instruction) => panic!("a call of nothing: {instruction:?}"),
        }
    }
    assert!(calls.len() > 10, "these are not all of them: {calls:?}");
    let memory = ["memset", "memcpy", "memmove", "memcmp", "bcmp"];
    let present = file.symbols().filter_map(|symbol| symbol.name().ok()).find(|name| memory.contains(name));
    assert_eq!(present, None);
    Ok(())
}

/// Each is in kernel 5.8, and none is for tracing programs alone.
#[test]
fn the_programs_call_these_helpers_and_no_others() -> Result<()> {
    const HELPERS: [(i32, &str); 10] = [
        (1, "map_lookup_elem"),
        (5, "ktime_get_ns"),
        (26, "skb_load_bytes"),
        (39, "skb_pull_data"),
        (46, "get_socket_cookie"),
        (79, "skb_cgroup_id"),
        (95, "sk_fullsock"),
        (131, "ringbuf_reserve"),
        (132, "ringbuf_submit"),
        (134, "ringbuf_query"),
    ];
    for call in code::calls(&object::File::parse(OBJECT)?)? {
        if let Call::Helper(number) = call {
            assert!(HELPERS.iter().any(|(known, _)| *known == number), "helper {number} is called");
        }
    }
    Ok(())
}

/// There is one way out of each program, and it is behind "return −1".
#[test]
fn every_way_out_of_a_program_returns_next() -> Result<()> {
    let file = object::File::parse(OBJECT)?;
    for name in PROGRAMS {
        let code = Code::of(&file, name)?;
        let exits: Vec<usize> = code.positions(Instruction::is_exit);
        assert!(!exits.is_empty(), "{name} has no end");
        for exit in exits {
            let value =
                exit.checked_sub(2).and_then(|at| code.wide(at)).or(code.narrow(exit.wrapping_sub(1)));
            assert_eq!(value, Some(-1), "{name}: what stands before its exit at {exit}");
            assert!(
                !code.is_target(exit),
                "{name}: something jumps to its exit at {exit}, past the return value"
            );
        }
    }
    Ok(())
}

/// Written down for the yardsticks of the bench, which would be none if they did something.
#[test]
fn the_empty_program_is_empty() -> Result<()> {
    let code = Code::of(&object::File::parse(OBJECT)?, "l2witness_empty")?;
    assert_eq!(code.len(), 3);
    Ok(())
}

#[test]
fn map_values_are_as_large_as_the_types_that_the_agent_reads() -> Result<()> {
    let file = object::File::parse(OBJECT)?;
    let maps = file.section_by_name("maps").context("no maps")?.data()?;
    // Type, key size, value size, entries, flags: `struct bpf_map_def`, as 4-byte numbers.
    let definition = |name: &str| -> Result<Vec<usize>> {
        let symbol = file.symbol_by_name(name).with_context(|| format!("no map {name}"))?;
        let bytes = maps.get(symbol.address() as usize..).context("a map outside its section")?;
        Ok(bytes
            .chunks_exact(4)
            .take(5)
            .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]) as usize)
            .collect())
    };
    for (name, expected) in [
        ("WATCHED", [HASH, size_of::<Address>(), 4, 1, 0]),
        ("SLOTS", [ARRAY, 4, size_of::<Slot>(), 1, MMAPABLE]),
        ("CLAIMS", [ARRAY, 4, size_of::<Claims>(), 1, MMAPABLE]),
        ("TRAFFIC", [ARRAY, 4, size_of::<Traffic>(), 1, MMAPABLE]),
        ("IGNORED", [ARRAY, 4, 8, Ignored::COUNT, MMAPABLE]),
        ("PREFILTER", [ARRAY, 4, 8, PREFILTER_WORDS as usize, 0]),
        ("KERNEL_ND", [ARRAY, 4, 8, 1, 0]),
        ("EVENTS", [RINGBUF, 0, 0, 128 * 1024, 0]),
    ] {
        assert_eq!(definition(name)?, expected, "{name}");
    }
    Ok(())
}

#[test]
fn the_object_says_its_licence() -> Result<()> {
    let file = object::File::parse(OBJECT)?;
    assert_eq!(file.section_by_name("license").context("no licence")?.data()?, b"Dual MIT/GPL\0");
    Ok(())
}
