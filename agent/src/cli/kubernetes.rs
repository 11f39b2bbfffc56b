//! Which cluster, and what of it: the flags of `--source kubernetes`.

use std::path::PathBuf;

use kube::Client;

use super::exit::Failure;
use crate::{
    claims::election::Version,
    cluster::{Scope, kubernetes::connect},
};

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Kubernetes")]
pub(super) struct KubernetesArgs {
    /// Use the API server of this kubeconfig [default: the pod's service account]
    #[arg(long, env = "L2WITNESS_KUBECONFIG", value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// MetalLB's namespace [default: where its speakers are]
    #[arg(long, env = "L2WITNESS_METALLB_NAMESPACE", value_name = "NAME")]
    metallb_namespace: Option<String>,
    /// MetalLB's version, whose rules of election hold [default: by the tag of its speakers' image]
    #[arg(long, env = "L2WITNESS_METALLB_VERSION", value_name = "VERSION")]
    metallb_version: Option<String>,
    /// Watch Services' external IPs, too
    #[arg(long, env = "L2WITNESS_EXTERNAL_IPS")]
    external_ips: bool,
    /// Watch Services of this load balancer class, as MetalLB's --lb-class [default: those without a class]
    #[arg(long, env = "L2WITNESS_LB_CLASS", value_name = "CLASS")]
    lb_class: Option<String>,
    /// Write a Kubernetes Event on the Service when a verdict begins to hold and when it is over
    #[arg(long, env = "L2WITNESS_EVENTS")]
    pub(super) events: bool,
}

impl KubernetesArgs {
    /// Whether a file was named.
    pub(super) fn is_given(&self) -> bool {
        self.kubeconfig.as_deref().is_some_and(|file| !file.as_os_str().is_empty())
    }

    /// What is wanted of the cluster, for the agent of that node. An empty variable is as good as none.
    ///
    /// # Errors
    /// [`Failure::Usage`] for a version that is none.
    pub(super) fn scope(&self, node: &str, capacity: u32) -> Result<Scope, Failure> {
        let Self { kubeconfig: _, metallb_namespace, metallb_version, external_ips, lb_class, events: _ } =
            self;
        let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        let version = given(metallb_version).map(|text| text.parse::<Version>());
        let version =
            version.transpose().map_err(|error| Failure::Usage(format!("--metallb-version: {error}")))?;
        Ok(Scope {
            node: Some(node.to_owned()),
            capacity,
            external_ips: *external_ips,
            class: given(lb_class),
            namespace: given(metallb_namespace),
            version,
        })
    }

    /// A client; nothing is asked yet.
    ///
    /// # Errors
    /// [`Failure::Usage`] where no API server is known.
    pub(super) async fn connect(&self) -> Result<Client, Failure> {
        let file = self.kubeconfig.as_deref().filter(|file| !file.as_os_str().is_empty());
        connect(file).await.map_err(|error| Failure::Usage(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        kubernetes: KubernetesArgs,
    }

    fn parse(args: &[&str]) -> KubernetesArgs {
        Cli::parse_from(["test"].iter().chain(args)).kubernetes
    }

    #[test]
    fn flags_say_what_is_wanted_and_empty_ones_nothing() {
        let scope = parse(&[]).scope("n1", 7).unwrap();
        assert_eq!((scope.node.as_deref(), scope.capacity, scope.external_ips), (Some("n1"), 7, false));
        assert_eq!((scope.class, scope.namespace, scope.version), (None, None, None));

        let args = ["--metallb-namespace=", "--lb-class=", "--metallb-version="];
        let scope = parse(&args).scope("n1", 7).unwrap();
        assert_eq!((scope.class, scope.namespace, scope.version), (None, None, None));

        let args = ["--metallb-namespace=lb", "--lb-class=x", "--metallb-version=v0.8.2", "--external-ips"];
        let scope = parse(&args).scope("n1", 7).unwrap();
        assert_eq!((scope.class.as_deref(), scope.namespace.as_deref()), (Some("x"), Some("lb")));
        assert_eq!((scope.version, scope.external_ips), (Some(Version::new(0, 8, 2)), true));

        let error = parse(&["--metallb-version=newest"]).scope("n1", 7).unwrap_err().to_string();
        assert_eq!(error, "--metallb-version: \"newest\" is no version of MetalLB; write it like 0.15.3");
    }

    #[tokio::test]
    async fn a_kubeconfig_that_is_none_is_named() {
        let error = parse(&["--kubeconfig=/nowhere/config"]).connect().await.err().unwrap().to_string();
        assert!(error.starts_with("--kubeconfig /nowhere/config: "), "{error}");
    }
}
