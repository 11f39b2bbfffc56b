//! Each test compares a tiny object with itself, changed in one place.

use object::{
    Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags, SymbolKind,
    SymbolScope,
    elf::R_BPF_64_64,
    write::{Object, Relocation, StandardSection, Symbol, SymbolSection},
};

use super::{super::facts::Facts, differences};

/// One program that loads one of two maps.
#[derive(Clone)]
struct Tiny {
    instructions: [u8; 16],
    max_entries: u8,
    loads: &'static str,
    helper: &'static str,
    types: &'static [u8],
    section: &'static [u8],
}

const TINY: Tiny = Tiny {
    instructions: [0x18; 16],
    max_entries: 16,
    loads: "CLAIMS",
    helper: "_RNvCs6NeHyBkevti_9l2witness6helper",
    types: b"types in one order",
    section: b"maps",
};

#[test]
fn an_object_is_what_itself_is() {
    assert_eq!(differ(&TINY), [""; 0]);
}

#[test]
fn the_extent_counts_what_was_compared() {
    assert_eq!(facts(&TINY).extent(), "3 sections, 4 symbols, 1 relocations");
}

#[test]
fn btf_and_the_hashes_in_names_do_not_count() {
    let changed =
        Tiny { helper: "_RNvCs0000000000_9l2witness6helper", types: b"types in another order", ..TINY };

    assert_eq!(differ(&changed), [""; 0]);
}

#[test]
fn a_changed_instruction_is_found_with_its_offset() {
    let mut changed = TINY.clone();
    changed.instructions[8] = 0x95;

    assert_eq!(differ(&changed), ["section classifier: 16 bytes committed, 16 fresh, first at 0x8"]);
}

#[test]
fn a_changed_map_definition_is_found() {
    let changed = Tiny { max_entries: 17, ..TINY };

    assert_eq!(differ(&changed), ["section maps: 8 bytes committed, 8 fresh, first at 0x0"]);
}

#[test]
fn a_relocation_to_another_map_is_found_though_no_byte_differs() {
    let changed = Tiny { loads: "COUNTERS", ..TINY };

    assert_eq!(
        differ(&changed),
        [concat!(
            "relocation classifier+0x0000: CLAIMS (type 1, addend 0) committed, ",
            "COUNTERS (type 1, addend 0) fresh"
        )]
    );
}

#[test]
fn maps_declared_by_btf_are_refused_not_ignored() {
    let error = Facts::of(&elf(&Tiny { section: b".maps", ..TINY })).unwrap_err().to_string();

    assert!(error.contains("#[btf_map]"), "{error}");
}

#[test]
fn what_is_no_object_is_refused() {
    assert!(Facts::of(b"not an object").is_err());
}

fn differ(fresh: &Tiny) -> Vec<String> {
    differences(&facts(&TINY), &facts(fresh))
}

fn facts(tiny: &Tiny) -> Facts {
    Facts::of(&elf(tiny)).unwrap()
}

fn elf(tiny: &Tiny) -> Vec<u8> {
    let mut elf = Object::new(BinaryFormat::Elf, Architecture::Bpf, Endianness::Little);
    elf.section_id(StandardSection::Text);
    let code = elf.add_section(Vec::new(), b"classifier".to_vec(), SectionKind::Text);
    elf.append_section_data(code, &tiny.instructions, 8);
    let maps = elf.add_section(Vec::new(), tiny.section.to_vec(), SectionKind::Data);
    elf.append_section_data(maps, &[tiny.max_entries, 0, 0, 0, 1, 0, 0, 0], 4);
    let btf = elf.add_section(Vec::new(), b".BTF".to_vec(), SectionKind::Metadata);
    elf.append_section_data(btf, tiny.types, 4);

    let mut symbol = |name: &str, value, size, kind, section| {
        elf.add_symbol(Symbol {
            name: name.into(),
            value,
            size,
            kind,
            scope: SymbolScope::Dynamic,
            weak: false,
            section: SymbolSection::Section(section),
            flags: SymbolFlags::None,
        })
    };
    symbol("ingress", 0, 8, SymbolKind::Text, code);
    symbol(tiny.helper, 8, 8, SymbolKind::Text, code);
    let claims = symbol("CLAIMS", 0, 4, SymbolKind::Data, maps);
    let counters = symbol("COUNTERS", 4, 4, SymbolKind::Data, maps);
    let target = if tiny.loads == "CLAIMS" { claims } else { counters };
    let flags = RelocationFlags::Elf { r_type: R_BPF_64_64 };
    elf.add_relocation(code, Relocation { offset: 0, symbol: target, addend: 0, flags }).unwrap();
    elf.write().unwrap()
}
