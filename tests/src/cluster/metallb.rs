//! MetalLB, by its own manifest; a pool of LB IPs and three Services that have some.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{Cluster, Options};

/// How long anything of it may take: its readiness probe alone waits 10 seconds.
const LIMIT: Duration = Duration::from_secs(180);

const POOL: &str = include_str!("files/pool.yaml");
const SERVICES: &str = include_str!("files/services.yaml");

/// Objects of an operator that the cluster does not have.
const FOREIGN: &str = "apiVersion: monitoring.coreos.com/";

impl Cluster {
    /// Waits for the nodes, rolls MetalLB out on them, and gives it something to announce.
    pub(super) fn metallb(&self, options: &Options, tell: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
        self.apply(&known(&self.kit.manifest(&options.metallb_manifest)?))?;
        let nodes: Vec<_> = self.nodes.iter().map(|node| format!("node/{}", node.name())).collect();
        let nodes: Vec<_> = nodes.iter().map(String::as_str).collect();
        self.wait("default", &nodes, "condition=Ready", LIMIT).context("nodes are not ready")?;
        tell("nodes are ready")?;
        if !options.bare {
            self.apply(SERVICES).context("apply the sample Services")?;
        }
        for workload in ["deployment/controller", "daemonset/speaker"] {
            self.rollout("metallb-system", workload, LIMIT)?;
        }
        tell("MetalLB is rolled out")?;
        if !options.bare {
            self.apply_within(LIMIT, POOL).context("apply the pool of LB IPs")?;
            let services = ["service/web", "service/api", "service/mail"];
            let addressed = "jsonpath={.status.loadBalancer.ingress}";
            self.wait("shop", &services, addressed, LIMIT).context("no LB IPs for the sample Services")?;
            self.rollout("shop", "deployment/shop", LIMIT)?;
            tell("the Services web, api and mail of the namespace shop have their LB IPs")?;
        }
        Ok(())
    }
}

/// The documents of a manifest whose kinds the API server knows.
fn known(manifest: &str) -> String {
    let documents = manifest.split("\n---\n").filter(|document| !document.contains(FOREIGN));
    documents.collect::<Vec<_>>().join("\n---\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_an_absent_operator_are_left_out() {
        let manifest = "apiVersion: v1\nkind: Service\n---\napiVersion: monitoring.coreos.com/v1\nkind: \
                        ServiceMonitor\n---\napiVersion: v1\nkind: Secret\n";

        assert_eq!(known(manifest), "apiVersion: v1\nkind: Service\n---\napiVersion: v1\nkind: Secret\n");
    }
}
