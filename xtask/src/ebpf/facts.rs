//! What of an object decides what the kernel runs: instructions, maps, constants, and what they
//! refer to. Left out: the order of symbols and BTF types, which two honest builds may differ in.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use object::{
    File, Object as _, ObjectSection as _, ObjectSymbol as _, RelocationFlags, RelocationTarget, Symbol,
    SymbolKind,
};

/// Sections about other sections, or about debugging: compared by meaning, or not at all.
const LEFT_OUT: [&str; 7] = [".BTF", ".debug", ".llvm", ".rel", ".shstrtab", ".strtab", ".symtab"];

/// How names begin that the compiler makes up; they hold a hash or a number of its own choosing.
const MADE_UP: [&str; 6] = ["_ZN", "_R", ".L", "LBB", "anon.", "alloc_"];

/// The facts of one object.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Section → its bytes; for `.bss` as many zeros.
    pub(super) sections: BTreeMap<String, Vec<u8>>,
    /// Symbol → where it is and how long: programs, maps, globals.
    pub(super) symbols: BTreeMap<String, String>,
    /// Section and offset → what is referred to, and how.
    pub(super) relocations: BTreeMap<String, String>,
}

impl Facts {
    /// Reads an object's facts.
    ///
    /// # Errors
    ///
    /// The bytes are no ELF object, a part of it is cut off, or it declares maps by BTF.
    pub(super) fn of(bytes: &[u8]) -> Result<Self> {
        let file = File::parse(bytes)?;
        let mut facts = Self::default();
        for section in file.sections() {
            let name = section.name()?;
            // BTF is left out, so maps that are defined there alone would go unseen.
            ensure!(name != ".maps", "it declares maps by BTF (#[btf_map]), which are not compared yet");
            if name.is_empty() || LEFT_OUT.iter().any(|prefix| name.starts_with(prefix)) {
                continue;
            }
            let mut data = section.data()?.to_vec();
            data.resize(usize::try_from(section.size())?, 0);
            facts.sections.insert(name.to_owned(), data);
            for (offset, relocation) in section.relocations() {
                let target = match relocation.target() {
                    RelocationTarget::Symbol(index) => place(&file, &file.symbol_by_index(index)?)?,
                    other => format!("{other:?}"),
                };
                let RelocationFlags::Elf { r_type } = relocation.flags() else { continue };
                let referred = format!("{target} (type {r_type}, addend {})", relocation.addend());
                facts.relocations.insert(format!("{name}+{offset:#06x}"), referred);
            }
        }
        for symbol in file.symbols().filter(is_thing) {
            let (section, address) = (section_name(&file, &symbol)?, symbol.address());
            let what = format!("{section}+{address:#x}, {} bytes, {:?}", symbol.size(), symbol.kind());
            facts.symbols.insert(place(&file, &symbol)?, what);
        }
        Ok(facts)
    }

    /// How much was compared, for the line that says so.
    pub(super) fn extent(&self) -> String {
        let Self { sections, symbols, relocations } = self;
        let counts =
            [(sections.len(), "sections"), (symbols.len(), "symbols"), (relocations.len(), "relocations")];
        counts.map(|(count, what)| format!("{count} {what}")).join(", ")
    }
}

/// What a symbol stands for: its name, or where it is when the name is a section's or made up.
fn place(file: &File<'_>, symbol: &Symbol<'_, '_>) -> Result<String> {
    let name = symbol.name()?;
    if is_thing(symbol) && !MADE_UP.iter().any(|prefix| name.starts_with(prefix)) {
        return Ok(name.to_owned());
    }
    let section = section_name(file, symbol)?;
    Ok(format!("{section}+{:#x}", symbol.address()))
}

/// A program, a function, a map or a global; not a section or a file.
fn is_thing(symbol: &Symbol<'_, '_>) -> bool {
    !symbol.name().unwrap_or_default().is_empty()
        && !matches!(symbol.kind(), SymbolKind::File | SymbolKind::Section)
}

fn section_name(file: &File<'_>, symbol: &Symbol<'_, '_>) -> Result<String> {
    let Some(index) = symbol.section_index() else { return Ok(String::from("elsewhere")) };
    let section = file.section_by_index(index).context("a symbol is in a section that is not there")?;
    Ok(section.name()?.to_owned())
}
