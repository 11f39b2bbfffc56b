//! Tries the real thing on this node: load, attach, count a frame, detach; and names what is missing.

mod interfaces;
mod node;
mod scratch;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{Error, HookChoice, Links, Pins, Programs, Rules, Shared};

/// What became of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should be.
    Ok,
    /// Not tried, or nothing to try.
    Skipped,
    /// Works, but something is lost.
    Warning,
    /// The agent can't work like this.
    Missing,
}

/// One check and its result, each a line.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// What became of it.
    pub status: Status,
    /// What was found and, where it is not as it should be, what to do.
    pub detail: String,
}

impl Check {
    fn new(name: impl Into<String>, status: Status, detail: impl Into<String>) -> Self {
        Self { name: name.into(), status, detail: detail.into() }
    }
}

/// What to try.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The pin directory the agent would use; the doctor takes one of its own in it.
    pub pin_dir: PathBuf,
    /// Which interfaces count.
    pub rules: Rules,
    /// Which hook to use.
    pub hook: HookChoice,
}

/// Does all checks in order; those that need what is missing are skipped.
pub async fn examine(plan: &Plan) -> Vec<Check> {
    let mut checks = node::checks(&plan.pin_dir);
    if checks.iter().any(|check| check.status == Status::Missing) {
        checks.push(Check::new("programs", Status::Skipped, "not tried: see above"));
        return checks;
    }
    let links = match list().await {
        Ok(links) => links,
        Err(error) => {
            checks.push(Check::new("interfaces", Status::Missing, error.to_string()));
            return checks;
        }
    };
    // In the agent's directory, which in a pod is all of bpffs there is; of its own, so that a running agent is not
    // disturbed.
    let existed = plan.pin_dir.exists();
    match Patient::new(&plan.pin_dir.join(format!("doctor-{}", std::process::id()))) {
        Ok(patient) => {
            checks.push(Check::new("programs", Status::Ok, "the kernel takes the maps and both programs"));
            checks.extend(interfaces::checks(&patient, plan, &links));
            checks.push(scratch::check(&patient, plan.hook));
        }
        Err(error) => checks.push(Check::new("programs", Status::Missing, error.to_string())),
    }
    if !existed {
        let _ = fs::remove_dir(&plan.pin_dir);
    }
    checks
}

async fn list() -> Result<Vec<super::Link>, Error> {
    Links::follow().await?.list().await
}

/// Maps of the doctor's own, with room for one LB IP.
struct Patient {
    // Before the pins, which go last.
    shared: std::cell::RefCell<Shared>,
    pins: Pins,
}

impl Patient {
    const CAPACITY: u32 = 1;

    fn new(directory: &Path) -> Result<Self, Error> {
        let pins = Pins::hold(directory)?;
        let shared = Shared::create(&pins, Self::CAPACITY)?;
        let patient = Self { shared: std::cell::RefCell::new(shared), pins };
        patient.programs()?;
        Ok(patient)
    }

    fn programs(&self) -> Result<Programs, Error> {
        Programs::load(&self.pins, Self::CAPACITY, false)
    }
}
