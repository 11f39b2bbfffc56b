//! `cargo xtask cluster`: a real Kubernetes with a real MetalLB on this machine.

mod debs;
mod go;
mod image;
mod kit;
mod once;

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

pub(crate) use image::archive;

use crate::{demo, exec, paths, tools};

/// Start, show and end a real Kubernetes with MetalLB (root, Debian, Go 1.26)
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    command: Subcommand,
}

#[derive(clap::Subcommand)]
enum Subcommand {
    Up(Up),
    Down(Which),
    Status(Which),
}

/// Build what it takes (once, into the cache), start a cluster and say how to reach it
#[derive(clap::Args)]
struct Up {
    #[command(flatten)]
    which: Which,
    /// Which MetalLB: one that has a folder in tests/cluster
    #[arg(long, value_name = "VERSION", default_value = "v0.15.3")]
    metallb: String,
    /// How many nodes, up to 9
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=9))]
    nodes: u8,
    /// Which of MetalLB's own manifests [default: the one whose metrics can be read]
    #[arg(long, value_name = "NAME")]
    metallb_manifest: Option<String>,
    /// Without l2witness
    #[arg(long)]
    alone: bool,
    /// One more OCI archive to import on every node; repeatable
    #[arg(long = "image", value_name = "FILE")]
    images: Vec<PathBuf>,
    /// One more kustomize directory to apply at the end; repeatable
    #[arg(long, value_name = "DIR")]
    manifests: Vec<PathBuf>,
    /// Neither a pool of LB IPs nor Services that have some
    #[arg(long)]
    bare: bool,
}

/// End a cluster, or show its daemons, nodes, pods and Services
#[derive(clap::Args)]
struct Which {
    /// The cluster's name: several may be up at once
    #[arg(long, default_value = "default")]
    name: String,
}

/// # Errors
///
/// Not root, something is missing and can't be had, or a build fails.
pub(crate) fn run(options: Options) -> Result<()> {
    demo::require_root("cluster")?;
    match options.command {
        Subcommand::Up(mut up) => {
            let kit = kit(&up.metallb)?;
            let (manifest, overlay) = beside(&up.metallb)?;
            up.metallb_manifest.get_or_insert_with(|| manifest.to_owned());
            if !up.alone {
                let folder = paths::target()?.join("e2e");
                fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
                let archive = folder.join("l2witness.oci.tar");
                crate::image::build("dev", &archive)?;
                up.images.insert(0, archive);
                up.manifests.insert(0, overlay);
            }
            lab_cluster("up", up.arguments(&kit))
        }
        Subcommand::Down(which) => lab_cluster("down", which.arguments()),
        Subcommand::Status(which) => lab_cluster("status", which.arguments()),
    }
}

/// Prepares the machine, and gathers in one folder all that clusters with this MetalLB are made of:
/// what `--kit` of the lab's programs takes.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn kit(metallb: &str) -> Result<PathBuf> {
    kit::ensure(metallb)
}

/// Of MetalLB's own manifests the one whose metrics can be read, and ours beside it. From 0.16 on the metrics want a
/// token, and with the plain manifest the speaker may not ask whose it is.
///
/// # Errors
///
/// There is no workspace.
pub(crate) fn beside(metallb: &str) -> Result<(&'static str, PathBuf)> {
    let (manifest, overlay) = match metallb {
        "v0.15.3" => ("metallb-native", "base"),
        _ => ("metallb-native-prometheus", "overlays/metallb-0.16"),
    };
    Ok((manifest, paths::workspace()?.join("deploy/kustomize").join(overlay)))
}

/// The program `prometheus`.
///
/// # Errors
///
/// There is no Go, or it can't be built.
pub(crate) fn prometheus() -> Result<PathBuf> {
    let module = paths::workspace()?.join("tests/cluster/prometheus");
    Ok(go::prometheus(&go::find()?, &module)?.join("prometheus"))
}

/// Becomes the program of the tests that does it.
fn lab_cluster(command: &str, arguments: Vec<OsString>) -> Result<()> {
    exec::run(paths::cargo()?.args(["build", "--package", "l2witness-tests", "--bin", "lab-cluster"]))?;
    let program = paths::target()?.join("debug/lab-cluster");
    exec::replace(Command::new(program).arg(command).args(arguments).env("PATH", tools::path()?))
}

impl Up {
    fn arguments(&self, kit: &Path) -> Vec<OsString> {
        let mut arguments = self.which.arguments();
        let mut option = |name: &str, value: OsString| arguments.extend([name.into(), value]);
        option("--kit", kit.into());
        option("--nodes", self.nodes.to_string().into());
        if let Some(manifest) = &self.metallb_manifest {
            option("--metallb-manifest", manifest.into());
        }
        self.images.iter().for_each(|image| option("--image", image.into()));
        self.manifests.iter().for_each(|folder| option("--manifests", folder.into()));
        if self.bare {
            arguments.push("--bare".into());
        }
        arguments
    }
}

impl Which {
    fn arguments(&self) -> Vec<OsString> {
        vec!["--name".into(), (&self.name).into()]
    }
}
