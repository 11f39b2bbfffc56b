//! The lab: network namespaces as hosts, a bridge as their switch, and on it a *lab speaker* that
//! behaves on the wire as MetalLB's does.
//!
//! * [`mod@bench`] — what `cargo xtask bench` measures
//! * [`cluster`] — a real Kubernetes and MetalLB, with hosts of a lab as its nodes
//! * [`demo`] — what `cargo xtask demo` shows
//! * [`e2e`] — what `cargo xtask e2e` plays on that cluster
//! * [`lab`] — hosts, the switch, processes in them, and `l2witness agent` on one of them
//! * [`frames`] — every frame the tests send, as pure functions
//! * [`kernel`] — the kernel programs run frame by frame, and what they should have done
//! * [`socket`] — the two kinds of socket MetalLB opens
//! * [`speaker`] — the lab speaker: what it answers (pure), and the process that does
//!
//! All of it is test support: Linux only, root for everything that makes a namespace.

pub mod bench;
pub mod cluster;
pub mod demo;
pub mod e2e;
pub mod frames;
pub mod kernel;
pub mod lab;
pub mod socket;
pub mod speaker;
