//! The kernel object that the agent embeds: what is in it, and what it takes to load it.

mod capabilities;
mod code;

use std::mem::size_of;

use anyhow::{Context as _, Result};
use l2witness::wire::OBJECT;
use l2witness_ebpf::frame::Address;
use l2witness_ebpf::layout::{Claims, Ignored, Slot};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};

use code::{Code, Instruction};

const PROGRAMS: [&str; 3] = ["l2witness_in", "l2witness_out", "l2witness_empty"];

/// Without `CAP_PERFMON` the verifier refuses the pointer arithmetic that these functions are made of.
#[test]
fn no_program_calls_a_memory_function_or_any_other() -> Result<()> {
    let file = object::File::parse(OBJECT)?;
    let maps = ["WATCHED", "SLOTS", "CLAIMS", "IGNORED", "KERNEL_ND", "EVENTS"];
    let undefined: Vec<_> =
        file.symbols().filter(|symbol| symbol.is_undefined() && symbol.name() != Ok("")).collect();
    assert!(undefined.is_empty(), "{undefined:?}");
    let classifier = file.section_by_name("classifier").context("no programs")?;
    for (offset, relocation) in classifier.relocations() {
        let object::RelocationTarget::Symbol(symbol) = relocation.target() else { continue };
        let name = file.symbol_by_index(symbol)?.name()?.to_owned();
        assert!(maps.contains(&name.as_str()), "{name} is asked for at {offset:#x}");
    }
    for name in PROGRAMS {
        let calls = Code::of(&file, name)?.calls();
        assert!(calls.iter().all(|call| call.is_helper()), "{name} calls a function: {calls:?}");
    }
    Ok(())
}

/// Each is in kernel 5.8, and none is for tracing programs alone.
#[test]
fn the_programs_call_these_helpers_and_no_others() -> Result<()> {
    const HELPERS: [(i32, &str); 8] = [
        (1, "map_lookup_elem"),
        (5, "ktime_get_ns"),
        (39, "skb_pull_data"),
        (46, "get_socket_cookie"),
        (79, "skb_cgroup_id"),
        (95, "sk_fullsock"),
        (131, "ringbuf_reserve"),
        (132, "ringbuf_submit"),
    ];
    let file = object::File::parse(OBJECT)?;
    for name in PROGRAMS {
        for call in Code::of(&file, name)?.calls() {
            let known = HELPERS.iter().any(|(number, _)| *number == call.immediate);
            assert!(known, "{name} calls helper {}", call.immediate);
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
    const HASH: usize = 1;
    const ARRAY: usize = 2;
    const RINGBUF: usize = 27;
    const MMAPABLE: usize = 1 << 10;
    for (name, expected) in [
        ("WATCHED", [HASH, size_of::<Address>(), 4, 1, 0]),
        ("SLOTS", [ARRAY, 4, size_of::<Slot>(), 1, MMAPABLE]),
        ("CLAIMS", [ARRAY, 4, size_of::<Claims>(), 1, MMAPABLE]),
        ("IGNORED", [ARRAY, 4, 8, Ignored::COUNT, MMAPABLE]),
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
