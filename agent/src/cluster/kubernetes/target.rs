//! Where a kind is to be found.

use std::fmt;

use super::super::kind::Kind;

/// A kind, where it is served, and which of its objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) kind: Kind,
    /// The path of the list.
    pub(super) path: String,
    pub(super) namespace: Option<String>,
    pub(super) labels: Option<String>,
    pub(super) fields: Option<String>,
}

impl Target {
    /// All of it, cluster-wide.
    pub(super) fn new(kind: Kind, path: &str) -> Self {
        Self { kind, path: path.to_owned(), namespace: None, labels: None, fields: None }
    }

    /// One of the core's.
    pub(super) fn core(kind: Kind) -> Self {
        Self::new(kind, &format!("/api/v1/{}", kind.resource()))
    }

    /// One of the core's, in one namespace.
    pub(super) fn core_in(kind: Kind, namespace: &str) -> Self {
        let path = format!("/api/v1/namespaces/{namespace}/{}", kind.resource());
        Self { namespace: Some(namespace.to_owned()), ..Self::new(kind, &path) }
    }

    /// One of `MetalLB`'s, which all live in its namespace.
    pub(super) fn metallb(kind: Kind, namespace: &str) -> Self {
        let path = format!("/apis/metallb.io/v1beta1/namespaces/{namespace}/{}", kind.resource());
        Self { namespace: Some(namespace.to_owned()), ..Self::new(kind, &path) }
    }

    #[cfg(test)]
    pub(super) fn statuses(namespace: &str) -> Self {
        Self::metallb(Kind::Statuses, namespace)
    }

    pub(super) fn labels(self, labels: &str) -> Self {
        Self { labels: Some(labels.to_owned()), ..self }
    }

    pub(super) fn fields(self, fields: String) -> Self {
        Self { fields: Some(fields), ..self }
    }
}

/// As a rule of a Role would have it.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.resource())?;
        if !self.kind.group().is_empty() {
            write!(f, ".{}", self.kind.group())?;
        }
        self.namespace.as_ref().map_or(Ok(()), |namespace| write!(f, " in namespace {namespace}"))
    }
}
