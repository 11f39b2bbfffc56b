//! Onto an interface: TCX first in the chain, or a clsact filter where there is no TCX.

use std::fmt;

use aya::{
    Ebpf,
    programs::{
        LinkOrder, ProgramError, TcAttachType,
        tc::{self, NlOptions, TcAttachOptions},
    },
};
use clap::ValueEnum;

use super::{
    Error,
    object::{PROGRAM_DATA, PROGRAM_IN, PROGRAM_OUT, classifier},
};

/// Which hook to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum HookChoice {
    /// TCX, else clsact.
    #[default]
    Auto,
    /// TCX only (kernel ≥ 6.6).
    Tcx,
    /// A clsact filter only.
    Clsact,
}

/// Which hook was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// TCX link, first in the chain; goes with the process.
    Tcx,
    /// `cls_bpf` filter on the clsact qdisc.
    Clsact,
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcx => "tcx",
            Self::Clsact => "clsact",
        })
    }
}

/// All there are; the last one only where traffic is observed.
const PLACES: [(TcAttachType, &str); 3] = [
    (TcAttachType::Ingress, PROGRAM_IN),
    (TcAttachType::Egress, PROGRAM_OUT),
    (TcAttachType::Ingress, PROGRAM_DATA),
];

/// Removes what an agent that was killed left on the interface: its filters outlive it, TCX links do not. Only
/// filters of our own name go, and only whoever holds the pin directory may call this: then no agent is left
/// whose filters they could be.
pub(super) fn clear(interface: &str) {
    for (direction, name) in PLACES {
        if tc::qdisc_detach_program(interface, direction, name).is_ok() {
            tracing::info!(interface, program = name, "removed a filter that an earlier agent left behind");
        }
    }
}

pub(super) fn attach(
    ebpf: &mut Ebpf,
    interface: &str,
    choice: HookChoice,
    traffic: bool,
) -> Result<Hook, Error> {
    let places = if traffic { &PLACES[..] } else { &PLACES[..2] };
    match choice {
        HookChoice::Tcx => all(ebpf, interface, Hook::Tcx, places),
        HookChoice::Clsact => all(ebpf, interface, Hook::Clsact, places),
        // By trying, not by kernel version: distributions backport.
        HookChoice::Auto => all(ebpf, interface, Hook::Tcx, places).or_else(|tcx| {
            tracing::debug!(interface, error = %tcx, "no TCX here, trying clsact");
            all(ebpf, interface, Hook::Clsact, places)
        }),
    }
}

fn all(
    ebpf: &mut Ebpf,
    interface: &str,
    hook: Hook,
    places: &[(TcAttachType, &'static str)],
) -> Result<Hook, Error> {
    let failed = |source: ProgramError| Error::Attach {
        interface: interface.to_owned(),
        hook: if hook == Hook::Tcx { "TCX" } else { "clsact" },
        source: Box::new(source),
    };
    if hook == Hook::Clsact {
        match tc::qdisc_add_clsact(interface) {
            // There already, ours or somebody's; it is never removed either.
            Ok(()) => {}
            Err(error) if already_there(&error) => {}
            Err(error) => return Err(failed(error.into())),
        }
    }
    let mut done = Vec::new();
    for (direction, name) in places.iter().copied() {
        let options = match hook {
            Hook::Tcx => TcAttachOptions::TcxOrder(LinkOrder::first()),
            Hook::Clsact => TcAttachOptions::Netlink(NlOptions { priority: 1, ..NlOptions::default() }),
        };
        let program = classifier(ebpf, name)?;
        let mut attached = program.attach_with_options(interface, direction, options);
        if hook == Hook::Clsact && attached.is_err() {
            // A filter of another kind holds preference 1; the kernel then chooses one that runs later.
            let later = TcAttachOptions::Netlink(NlOptions::default());
            attached = program.attach_with_options(interface, direction, later);
            if attached.is_ok() {
                tracing::warn!(
                    interface,
                    program = name,
                    "filters in front may keep frames from being counted"
                );
            }
        }
        match attached {
            Ok(link) => done.push((name, link)),
            Err(error) => {
                for (attached, link) in done {
                    let _ = classifier(ebpf, attached)?.detach(link);
                }
                return Err(failed(error));
            }
        }
    }
    Ok(hook)
}

fn already_there(error: &tc::TcError) -> bool {
    // aya gives netlink errors no code, only the kernel's text ("Exclusivity flag on, cannot modify").
    let text = error.to_string();
    text.contains("Exclusivity") || text.contains("File exists")
}
