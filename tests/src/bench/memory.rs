//! Memory of a process, and of the BPF objects it holds.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, ensure};

/// In MiB.
pub(super) struct OfProcess {
    pub(super) resident: f64,
    pub(super) private: f64,
    pub(super) proportional: f64,
}

/// In MiB.
pub(super) struct OfKernel {
    pub(super) maps: f64,
    pub(super) programs: f64,
}

/// What proc(5) says of a process.
pub(super) fn of_process(pid: u32) -> Result<OfProcess> {
    let status = read(&format!("/proc/{pid}/status"))?;
    let rollup = read(&format!("/proc/{pid}/smaps_rollup"))?;
    let private = ["Private_Clean", "Private_Dirty"].map(|key| field(&rollup, key));
    let [clean, dirty] = private;
    Ok(OfProcess {
        resident: field(&status, "VmRSS")? / 1024.0,
        private: (clean? + dirty?) / 1024.0,
        proportional: field(&rollup, "Pss")? / 1024.0,
    })
}

/// What the kernel charges for the maps and programs that a process has open, each once.
pub(super) fn of_kernel(pid: u32) -> Result<OfKernel> {
    let folder = format!("/proc/{pid}/fdinfo");
    let (mut maps, mut programs) = (BTreeMap::new(), BTreeMap::new());
    for entry in fs::read_dir(&folder).with_context(|| folder.clone())? {
        // Files may be closed while we look.
        let Ok(text) = fs::read_to_string(entry?.path()) else { continue };
        for (key, found) in [("map_id", &mut maps), ("prog_id", &mut programs)] {
            if let (Ok(id), Ok(bytes)) = (field(&text, key), field(&text, "memlock")) {
                found.insert(id as u64, bytes);
            }
        }
    }
    ensure!(!maps.is_empty() && !programs.is_empty(), "{folder} shows no maps or no programs");
    let sum = |found: BTreeMap<u64, f64>| found.values().sum::<f64>() / f64::from(1 << 20);
    Ok(OfKernel { maps: sum(maps), programs: sum(programs) })
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.to_owned())
}

/// The number behind `key:`.
fn field(text: &str, key: &str) -> Result<f64> {
    let mut values = text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    let value = values.next().and_then(|value| value.split_whitespace().next()?.parse().ok());
    value.with_context(|| format!("no {key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_the_number_behind_its_whole_name() {
        let text = "map_type:\t1\nmemlock:\t4096\nmap_id:\t7\nPss_Dirty:  9 kB\nPss:  5 kB\n";
        let number = |key| field(text, key).ok().map(|value| value as u64);

        assert_eq!([number("memlock"), number("map_id"), number("Pss")], [Some(4096), Some(7), Some(5)]);
        assert_eq!(number("prog_id"), None);
    }
}
