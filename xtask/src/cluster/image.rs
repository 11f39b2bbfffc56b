//! Images of one static program each, as OCI archives, without a registry.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use super::{go::Go, once::made_once};
use crate::{exec, tools};

/// Its name is also in the tests' `Kit`.
const PAUSE: &str = "l2witness.test/pause:1";

const METALLB: &str = "go.universe.tf/metallb";

/// `images/pause.tar` in a folder of the cache.
///
/// # Errors
///
/// It can't be built.
pub(super) fn pause(go: &Go, module: &Path) -> Result<PathBuf> {
    made_once(&format!("pause-{}", go.key(module)?), |out| {
        go.build("the pause image's program", module, &["."], &[], out)?;
        archive(&out.join("pause"), PAUSE, &out.join("images")).map(drop)
    })
}

/// MetalLB's `images/*.tar`, under the names that its manifests ask for, and those `manifests/*.yaml`.
///
/// # Errors
///
/// It can't be fetched or built.
pub(super) fn metallb(go: &Go, module: &Path) -> Result<PathBuf> {
    let name = module.file_name().context("a module has a name")?.to_string_lossy();
    made_once(&format!("{name}-{}", go.key(module)?), |out| {
        let version = go.version(module, METALLB)?;
        go.build(&format!("MetalLB {version} (once, a minute or two)"), module, &[], &[], out)?;
        let sources = go.sources(module, METALLB)?;
        let manifests = out.join("manifests");
        fs::create_dir_all(&manifests)?;
        for entry in fs::read_dir(sources.join("config/manifests"))?.flatten() {
            fs::copy(entry.path(), manifests.join(entry.file_name()))?;
        }
        let manifest = fs::read_to_string(manifests.join("metallb-native.yaml"))?;
        for program in ["controller", "speaker"] {
            let image = image_of(&manifest, program)
                .with_context(|| format!("MetalLB's manifest names no image of {program}"))?;
            archive(&out.join(program), image, &out.join("images"))?;
        }
        Ok(())
    })
}

/// The image in a manifest whose repository ends with this name.
fn image_of<'a>(manifest: &'a str, name: &str) -> Option<&'a str> {
    let mut images = manifest.lines().filter_map(|line| line.trim().strip_prefix("image: "));
    images.find(|image| {
        image.rsplit_once(':').is_some_and(|(repository, _)| repository.ends_with(&format!("/{name}")))
    })
}

/// Writes an archive of an image with nothing but this program, into a folder that has no `storage` beside it.
///
/// # Errors
///
/// buildah fails.
pub(crate) fn archive(program: &Path, image: &str, folder: &Path) -> Result<PathBuf> {
    let name = program.file_name().context("a program has a name")?.to_string_lossy().into_owned();
    fs::create_dir_all(folder)?;
    let storage = folder.with_file_name("storage");
    let buildah = |arguments: &[&str]| {
        let mut buildah = Command::new("buildah");
        buildah.env("PATH", tools::path()?).arg("--root").arg(storage.join("root"));
        // It needs no privilege and no file system of a special kind, and nothing outside.
        buildah.arg("--runroot").arg(storage.join("run")).args(["--storage-driver", "vfs"]);
        exec::read(buildah.args(arguments))
    };
    let path = program.to_string_lossy();
    let container = buildah(&["from", "scratch"])?;
    buildah(&["copy", "--quiet", &container, &path, &format!("/{name}")])?;
    buildah(&["config", "--entrypoint", &format!("[\"/{name}\"]"), &container])?;
    let archive = folder.join(format!("{name}.tar"));
    let target = format!("oci-archive:{}:{image}", archive.display());
    buildah(&["commit", "--quiet", "--timestamp", "0", &container, &target])?;
    fs::remove_dir_all(&storage).with_context(|| format!("cannot remove {}", storage.display()))?;
    Ok(archive)
}

#[cfg(test)]
mod tests {
    use super::image_of;

    #[test]
    fn an_image_is_found_by_the_end_of_its_repository() {
        let manifest = "image: quay.io/metallb/controller:v1\n        image: quay.io/metallb/speaker:v1\n";

        assert_eq!(image_of(manifest, "speaker"), Some("quay.io/metallb/speaker:v1"));
        assert_eq!(image_of(manifest, "frr"), None);
    }
}
