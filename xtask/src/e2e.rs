//! `cargo xtask e2e`: l2witness beside a real MetalLB, one fault after another.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context as _, Result};

use crate::{cluster, demo, exec, image, paths, tools};

/// The image of the pod that answers beside the speaker; the scenario asks for it by this name.
const LAB_SPEAKER: &str = "l2witness.test/lab-speaker:1";

/// Play faults beside a real MetalLB in a real Kubernetes, and check what is told about each (root, Debian, Go 1.26)
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only this scenario; repeatable
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,
    /// Which MetalLB: one that has a folder in tests/cluster
    #[arg(long, value_name = "VERSION", default_value = "v0.15.3")]
    metallb: String,
    /// How long the scenario `healthy` goes on; a bit more than a minute if nobody says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1440))]
    minutes: Option<u64>,
    /// Print the scenarios and play none
    #[arg(long)]
    list: bool,
}

/// # Errors
///
/// Not root, something is missing and can't be had, or a build fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    let Options { scenario, metallb, minutes, list } = options;
    let mut lab = Command::new(paths::target()?.join("debug/lab-e2e"));
    lab.env("PATH", tools::path()?).arg("--metallb").arg(metallb);
    for name in scenario {
        lab.arg("--scenario").arg(name);
    }
    if *list {
        lab.args(["--list", "--kit", ".", "--prometheus", "."]);
    } else {
        demo::require_root("e2e")?;
        lab.arg("--kit").arg(cluster::kit(metallb)?).arg("--prometheus").arg(cluster::prometheus()?);
        for image in images()? {
            lab.arg("--image").arg(image);
        }
        let (manifest, overlay) = cluster::beside(metallb)?;
        lab.args(["--metallb-manifest", manifest]).arg("--manifests").arg(overlay);
        if let Some(minutes) = minutes {
            lab.arg("--minutes").arg(minutes.to_string());
        }
    }
    // Last: so the program that is asked on the command line is the one in the image, too.
    exec::run(paths::cargo()?.args(["build", "--package", "l2witness-tests", "--bin", "lab-e2e"]))?;
    exec::replace(&mut lab)
}

/// The image that users get, but for optimisation, and one of the lab's speaker.
fn images() -> Result<[PathBuf; 2]> {
    let folder = paths::target()?.join("e2e");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let witness = folder.join("l2witness.oci.tar");
    image::build("dev", &witness)?;
    let speaker = image::static_program("l2witness-tests", "lab-speaker", "dev")?;
    let speaker = cluster::archive(&speaker, LAB_SPEAKER, &folder)?;
    Ok([witness, speaker])
}
