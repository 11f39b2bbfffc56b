//! The instructions of one program (`linux/bpf.h`, and the ISA document of the kernel).

use anyhow::{Context as _, Result, ensure};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};

const CALL: u8 = 0x85;
const EXIT: u8 = 0x95;
const LOAD_WIDE: u8 = 0x18;
const MOVE64: u8 = 0xb7;
const MOVE32: u8 = 0xb4;
/// The classes of jumps; `call` and `exit` are in the first.
const JUMP: u8 = 0x05;
const JUMP32: u8 = 0x06;
const CLASS: u8 = 0x07;

/// One instruction of 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    pub(crate) code: u8,
    pub(crate) destination: u8,
    pub(crate) source: u8,
    pub(crate) offset: i16,
    pub(crate) immediate: i32,
}

impl Instruction {
    pub(crate) fn is_exit(&self) -> bool {
        self.code == EXIT
    }

    fn jumps(&self) -> Option<i32> {
        match (self.code & CLASS, self.code) {
            (_, CALL | EXIT) => None,
            // `gotol`: the distance does not fit into 16 bits.
            (JUMP32, 0x06) => Some(self.immediate),
            (JUMP | JUMP32, _) => Some(self.offset.into()),
            _ => None,
        }
    }
}

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// To the kernel's helper of this number.
    Helper(i32),
    /// To another function of the object, by its mangled name.
    Function(String),
    /// Anywhere else: nowhere, or into a kernel module.
    Other(Instruction),
}

/// All calls of all code there is in the object.
pub(crate) fn calls(file: &object::File<'_>) -> Result<Vec<Call>> {
    let mut calls = Vec::new();
    for section in file.sections().filter(|section| section.kind() == object::SectionKind::Text) {
        let relocations: Vec<_> = section.relocations().collect();
        for (at, instruction) in instructions(section.data()?).into_iter().enumerate() {
            if instruction.code != CALL {
                continue;
            }
            let relocation = relocations.iter().find(|(offset, _)| *offset == at as u64 * 8);
            calls.push(match (instruction.source, relocation) {
                (0, None) => Call::Helper(instruction.immediate),
                (1, None) => {
                    let place = behind(at as u64, instruction.immediate) * 8;
                    Call::Function(function(file, section.index(), place)?)
                }
                (1, Some((_, relocation))) => {
                    let object::RelocationTarget::Symbol(symbol) = relocation.target() else { continue };
                    let symbol = file.symbol_by_index(symbol)?;
                    let section = symbol.section_index().context("a call of an undefined symbol")?;
                    let place = symbol.address() + behind(0, instruction.immediate) * 8;
                    Call::Function(function(file, section, place)?)
                }
                _ => Call::Other(instruction),
            });
        }
    }
    Ok(calls)
}

/// Distances are counted from the next instruction on.
fn behind(at: u64, distance: i32) -> u64 {
    (at + 1).wrapping_add_signed(distance.into())
}

/// The name of the function that begins there.
fn function(file: &object::File<'_>, section: object::SectionIndex, address: u64) -> Result<String> {
    let begins_there = |symbol: &object::Symbol<'_, '_>| {
        symbol.section_index() == Some(section)
            && symbol.address() == address
            && symbol.kind() == object::SymbolKind::Text
    };
    let symbol = file.symbols().find(begins_there).context("a call into the middle of something")?;
    Ok(symbol.name()?.to_owned())
}

fn instructions(bytes: &[u8]) -> Vec<Instruction> {
    let instructions = bytes.chunks_exact(8).map(|bytes| Instruction {
        code: bytes[0],
        destination: bytes[1] & 0x0f,
        source: bytes[1] >> 4,
        offset: i16::from_le_bytes([bytes[2], bytes[3]]),
        immediate: i32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
    });
    instructions.collect()
}

/// A program. An instruction of 16 bytes takes two places, the second of which is all zero but its value.
pub(crate) struct Code(Vec<Instruction>);

impl Code {
    pub(crate) fn of(file: &object::File<'_>, program: &str) -> Result<Self> {
        let symbol = file.symbol_by_name(program).with_context(|| format!("no program {program}"))?;
        let section = file.section_by_name("classifier").context("no programs")?;
        ensure!(symbol.section_index() == Some(section.index()), "{program} is elsewhere");
        let (start, size) = (symbol.address() as usize, symbol.size() as usize);
        ensure!(size > 0 && size.is_multiple_of(8), "{program} has {size} bytes");
        let bytes = section.data()?.get(start..start + size).context("a program outside its section")?;
        Ok(Self(instructions(bytes)))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn positions(&self, wanted: impl Fn(&Instruction) -> bool) -> Vec<usize> {
        self.0.iter().enumerate().filter(|(_, instruction)| wanted(instruction)).map(|(at, _)| at).collect()
    }

    /// What the 16-byte load at this place puts into r0, as the verdict of 32 bits.
    pub(crate) fn wide(&self, at: usize) -> Option<i32> {
        let load = self.0.get(at)?;
        (load.code == LOAD_WIDE && load.destination == 0 && load.source == 0).then_some(load.immediate)
    }

    /// What the 8-byte move at this place puts into r0.
    pub(crate) fn narrow(&self, at: usize) -> Option<i32> {
        let load = self.0.get(at)?;
        (matches!(load.code, MOVE64 | MOVE32) && load.destination == 0).then_some(load.immediate)
    }

    /// Whether a jump leads there.
    pub(crate) fn is_target(&self, place: usize) -> bool {
        let targets = self.0.iter().enumerate().filter_map(|(at, instruction)| {
            let distance = instruction.jumps()?;
            Some(behind(at as u64, distance))
        });
        targets.into_iter().any(|target| target == place as u64)
    }
}
