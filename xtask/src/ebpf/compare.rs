//! Two objects' facts side by side: one line per difference.

use std::collections::BTreeMap;

use super::facts::Facts;

/// How the committed object differs from the fresh one; empty when it does not.
pub(super) fn differences(committed: &Facts, fresh: &Facts) -> Vec<String> {
    let Facts { sections, symbols, relocations } = committed;
    let mut lines = maps("section", sections, &fresh.sections, |old, new| {
        let first = old.iter().zip(new).position(|(old, new)| old != new);
        let at = first.map_or_else(String::new, |offset| format!(", first at {offset:#x}"));
        format!("{} bytes committed, {} fresh{at}", old.len(), new.len())
    });
    let texts = |old: &String, new: &String| format!("{old} committed, {new} fresh");
    lines.extend(maps("symbol", symbols, &fresh.symbols, texts));
    lines.extend(maps("relocation", relocations, &fresh.relocations, texts));
    lines
}

fn maps<V: PartialEq>(
    what: &str,
    committed: &BTreeMap<String, V>,
    fresh: &BTreeMap<String, V>,
    differ: impl Fn(&V, &V) -> String,
) -> Vec<String> {
    let gone = committed.keys().filter(|key| !fresh.contains_key(*key));
    let new = fresh.keys().filter(|key| !committed.contains_key(*key));
    let both = committed.iter().filter_map(|(key, old)| Some((key, old, fresh.get(key)?)));
    gone.map(|key| format!("{what} {key}: only in the committed object"))
        .chain(new.map(|key| format!("{what} {key}: only in the fresh object")))
        .chain(
            both.filter(|(_, old, new)| old != new)
                .map(|(key, old, new)| format!("{what} {key}: {}", differ(old, new))),
        )
        .collect()
}

#[cfg(test)]
mod tests;
