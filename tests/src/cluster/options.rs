//! What a cluster shall be.

use std::path::PathBuf;

/// Options of a cluster, on a command line or in code.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Programs, images and manifests, as `cargo xtask cluster` gathers them
    #[arg(long, value_name = "DIR")]
    pub kit: PathBuf,
    /// How many nodes
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=9))]
    pub nodes: u8,
    /// Which of MetalLB's own manifests; with metallb-native-prometheus, 0.16 answers scrapes
    #[arg(long, value_name = "NAME", default_value = "metallb-native")]
    pub metallb_manifest: String,
    /// An OCI archive to import on every node; repeatable
    #[arg(long = "image", value_name = "FILE")]
    pub images: Vec<PathBuf>,
    /// A kustomize directory to apply at the end; repeatable
    #[arg(long, value_name = "DIR")]
    pub manifests: Vec<PathBuf>,
    /// Neither address pools nor the Services web, api and mail
    #[arg(long)]
    pub bare: bool,
}

impl Options {
    /// Three nodes, made of the kit in this folder.
    pub fn new(kit: impl Into<PathBuf>) -> Self {
        Self {
            kit: kit.into(),
            nodes: 3,
            metallb_manifest: "metallb-native".to_owned(),
            images: Vec::new(),
            manifests: Vec::new(),
            bare: false,
        }
    }
}
