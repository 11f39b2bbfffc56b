//! The directory on bpffs under which the shared maps are pinned, and the lock that keeps a second agent out.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use l2witness_ebpf::layout::VERSION;
use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
};

use super::{Error, programs::SHARED_MAPS};

/// The held directory; what we pinned goes when it is dropped.
#[derive(Debug)]
pub struct Pins {
    base: PathBuf,
    maps: PathBuf,
    _lock: Flock<File>,
}

impl Pins {
    /// Creates and locks `base`, and clears what an agent that was killed left there.
    ///
    /// # Errors
    /// [`Error::SecondAgent`] while another agent holds it; [`Error::Pins`] where it can't be made.
    pub fn hold(base: &Path) -> Result<Self, Error> {
        let failed = |error: io::Error| Error::Pins(error, base.to_owned());
        fs::create_dir_all(base).map_err(failed)?;
        let directory = File::open(base).map_err(failed)?;
        let lock =
            Flock::lock(directory, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| match errno {
                Errno::EWOULDBLOCK => Error::SecondAgent(base.to_owned()),
                other => failed(other.into()),
            })?;
        // One directory a layout: an entry of another version must never be read as ours.
        let pins = Self { base: base.to_owned(), maps: base.join(format!("v{VERSION}")), _lock: lock };
        pins.clear();
        fs::create_dir_all(&pins.maps).map_err(failed)?;
        Ok(pins)
    }

    /// Where the map of that name is pinned.
    pub fn map(&self, name: &str) -> PathBuf {
        self.maps.join(name)
    }

    /// Removes our own files by name, of this and other versions, then directories if nothing else is in them.
    fn clear(&self) {
        let versions = fs::read_dir(&self.base).into_iter().flatten().flatten();
        let ours = versions.filter(|entry| entry.file_name().to_str().is_some_and(is_version));
        for directory in ours.map(|entry| entry.path()) {
            for name in SHARED_MAPS {
                let _ = fs::remove_file(directory.join(name));
            }
            let _ = fs::remove_dir(&directory);
        }
    }
}

/// `v1`, `v2` …
fn is_version(name: &str) -> bool {
    name.strip_prefix('v').is_some_and(|number| number.parse::<u32>().is_ok())
}

impl Drop for Pins {
    fn drop(&mut self) {
        self.clear();
        let _ = fs::remove_dir(&self.base);
    }
}
