//! What the command line must be allowed to do.

use std::fmt;

/// One permission of RBAC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Right {
    pub(in crate::cli) verb: &'static str,
    pub(in crate::cli) group: &'static str,
    pub(in crate::cli) resource: &'static str,
    pub(in crate::cli) subresource: &'static str,
    /// Absent for all namespaces, and for what has none.
    pub(in crate::cli) namespace: Option<String>,
}

impl Right {
    /// What gives a user all of them.
    pub(in crate::cli) const REMEDY: &str =
        "apply deploy/kustomize/components/cli-access and bind its ClusterRoles to your user";

    pub(in crate::cli) fn list(resource: &'static str, namespace: Option<&str>) -> Self {
        Self { verb: "list", group: "", resource, subresource: "", namespace: namespace.map(str::to_owned) }
    }

    /// To ask pods of a namespace through the API server.
    pub(in crate::cli) fn proxy(namespace: &str) -> Self {
        Self {
            verb: "get",
            group: "",
            resource: "pods",
            subresource: "proxy",
            namespace: Some(namespace.to_owned()),
        }
    }

    pub(in crate::cli) fn of_group(self, group: &'static str) -> Self {
        Self { group, ..self }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verb, group, resource, subresource, namespace } = self;
        write!(f, "{verb} {resource}")?;
        if !subresource.is_empty() {
            write!(f, "/{subresource}")?;
        }
        if !group.is_empty() {
            write!(f, ".{group}")?;
        }
        match namespace {
            Some(namespace) => write!(f, " in namespace {namespace}"),
            None => Ok(()),
        }
    }
}
