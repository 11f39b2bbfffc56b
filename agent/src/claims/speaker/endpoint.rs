//! Where a speaker serves its metrics: named by flags, or found from its pod.
//!
//! | `MetalLB` | where |
//! |---|---|
//! | 0.8.2 to 0.15 | `http://NODE:7472/metrics`, container port `monitoring` |
//! | 0.13.5 to 0.15 with Prometheus manifests | besides, `kube-rbac-proxy` at `https://NODE:9120`, port `metricshttps`; 7472 may then be open to localhost alone |
//! | from 0.16 on | `https://NODE:9120` alone, container port `metricshttps`; it wants a token that may `get /metrics` |
//!
//! `OpenShift` calls the port of its proxy `https-metrics`.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use reqwest::Url;

/// Where Kubernetes puts the token of a pod's `ServiceAccount`.
pub const TOKEN_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

const PLAIN: &str = "monitoring";
const SECURE: [&str; 2] = ["metricshttps", "https-metrics"];
/// What a pod that names no ports listens on, by `MetalLB`'s defaults of either time.
const DEFAULTS: [(Scheme, u16); 2] = [(Scheme::Http, 7472), (Scheme::Https, 9120)];

/// Whose certificate is good enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Those that this file (PEM) vouches for.
    Authority(PathBuf),
    /// Any: a speaker's is signed by itself unless it is told otherwise.
    Anybody,
}

/// Where to read, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `http://…/metrics` or `https://…/metrics`.
    pub url: Url,
    /// File with the bearer token, read each time: it is replaced about every hour. Sent over https alone.
    pub token_file: Option<PathBuf>,
    /// For https.
    pub trust: Trust,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str())
    }
}

/// Flags that make no endpoint.
#[derive(Debug, thiserror::Error)]
pub enum BadEndpoint {
    /// Neither http nor https.
    #[error("--speaker-metrics {0}: give http://ADDRESS:PORT or https://ADDRESS:PORT")]
    Scheme(Url),
    /// Nothing vouches for the certificate.
    #[error(
        "--speaker-metrics {0}: whose certificate is it? Give --speaker-ca-file, or --speaker-skip-verify"
    )]
    Trust(Url),
    /// A token that would go over the wire for all to read.
    #[error("--speaker-metrics {0}: a token is sent over https alone; leave --speaker-token-file out")]
    Token(Url),
}

impl Endpoint {
    /// As the flags say; `/metrics` where the URL has no path.
    ///
    /// # Errors
    /// [`BadEndpoint`].
    pub fn given(
        mut url: Url,
        token_file: Option<PathBuf>,
        ca_file: Option<PathBuf>,
        skip_verify: bool,
    ) -> Result<Self, BadEndpoint> {
        if url.path() == "/" {
            url.set_path("/metrics");
        }
        let trust = match (url.scheme(), ca_file) {
            ("http", _) if token_file.is_some() => return Err(BadEndpoint::Token(url)),
            ("https", Some(file)) if !skip_verify => Trust::Authority(file),
            ("https", None) if !skip_verify => return Err(BadEndpoint::Trust(url)),
            ("http" | "https", _) => Trust::Anybody,
            _ => return Err(BadEndpoint::Scheme(url)),
        };
        Ok(Self { url, token_file, trust })
    }
}

/// What matters of a speaker's pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpeakerPod {
    /// `status.hostIP`; a speaker is on its node's network.
    pub host: IpAddr,
    /// `spec.containers`.
    pub containers: Vec<Container>,
}

/// What matters of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its `args`.
    pub args: Vec<String>,
    /// Its `ports`: name, if any, and number.
    pub ports: Vec<(Option<String>, u16)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

/// Where that speaker's metrics may be, best first: what needs no token comes before what does. Empty if they are
/// switched off (`--port=0`).
pub fn endpoints(pod: &SpeakerPod, token_file: &str) -> Vec<Endpoint> {
    let arg = pod.containers.iter().find_map(|container| port_arg(&container.args));
    let named = |wanted: &[&str]| -> Vec<u16> {
        let ports = pod.containers.iter().flat_map(|container| &container.ports);
        ports
            .filter(|(name, _)| name.as_deref().is_some_and(|name| wanted.contains(&name)))
            .map(|(_, port)| *port)
            .collect()
    };
    // With the speaker's own listener off, a proxy before it has nothing to tell either.
    if arg == Some(0) {
        return Vec::new();
    }
    let (plain, secure) = (named(&[PLAIN]), named(&SECURE));
    let mut found: Vec<(Scheme, u16)> = plain.iter().map(|port| (Scheme::Http, *port)).collect();
    found.extend(secure.iter().map(|port| (Scheme::Https, *port)));
    match arg {
        // Which of the two it is, its age decides: the wrong one answers 400 or breaks off.
        Some(port) if !plain.contains(&port) && !secure.contains(&port) => {
            found.extend([(Scheme::Http, port), (Scheme::Https, port)]);
        }
        None if found.is_empty() => found.extend(DEFAULTS),
        _ => {}
    }
    let mut endpoints: Vec<Endpoint> = Vec::with_capacity(found.len());
    for endpoint in found.into_iter().filter_map(|place| at(pod.host, place, token_file)) {
        if !endpoints.contains(&endpoint) {
            endpoints.push(endpoint);
        }
    }
    endpoints
}

fn at(host: IpAddr, (scheme, port): (Scheme, u16), token_file: &str) -> Option<Endpoint> {
    let (name, token_file) = match scheme {
        Scheme::Http => ("http", None),
        Scheme::Https => ("https", Some(token_file.into())),
    };
    let url = Url::parse(&format!("{name}://{}/metrics", SocketAddr::new(host, port))).ok()?;
    Some(Endpoint { url, token_file, trust: Trust::Anybody })
}

/// `--port=N`, `-port=N` or `--port N`, as Go's flag package reads them; the last one counts.
fn port_arg(args: &[String]) -> Option<u16> {
    let flag = |arg: &String| arg.strip_prefix("--").or_else(|| arg.strip_prefix('-')).map(ToOwned::to_owned);
    let mut port = None;
    for (at, arg) in args.iter().enumerate() {
        let value = match flag(arg).as_deref() {
            Some("port") => args.get(at + 1).cloned(),
            Some(text) => text.strip_prefix("port=").map(ToOwned::to_owned),
            None => None,
        };
        port = value.and_then(|value| value.parse().ok()).or(port);
    }
    port
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(name: &str, args: &[&str], ports: &[(&str, u16)]) -> Container {
        let name_of = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        Container {
            name: name.to_owned(),
            args: args.iter().map(ToString::to_string).collect(),
            ports: ports.iter().map(|(name, port)| (name_of(name), *port)).collect(),
        }
    }

    fn urls(host: &str, containers: Vec<Container>) -> Vec<String> {
        let pod = SpeakerPod { host: host.parse().unwrap(), containers };
        endpoints(&pod, TOKEN_FILE).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_generation_of_manifests_says_where_its_metrics_are() {
        let memberlist = ("memberlist-tcp", 7946);
        let plain = ["http://192.0.2.7:7472/metrics"];
        let secure = ["https://192.0.2.7:9120/metrics"];
        let both = [plain[0], secure[0]];
        let speaker = |args: &[&str], ports: &[(&str, u16)]| container("speaker", args, ports);
        let proxy = || container("kube-rbac-proxy", &["--v=0"], &[("metricshttps", 9120)]);
        let openshift = container("kube-rbac-proxy", &[], &[("https-metrics", 9120)]);
        let frr = container("frr-metrics", &["--metrics-port=7473"], &[("frrmetrics", 7473)]);
        let table: [(&str, Vec<Container>, &[&str]); 9] = [
            ("0.8.2", vec![speaker(&["--port=7472", "--config=config"], &[("monitoring", 7472)])], &plain),
            ("0.15.3", vec![speaker(&["--port=7472"], &[("monitoring", 7472), memberlist])], &plain),
            ("0.15.3, frr", vec![speaker(&["--port=7472"], &[("monitoring", 7472)]), frr], &plain),
            ("0.15.3, prometheus", vec![proxy(), speaker(&["--port=7472"], &[("monitoring", 7472)])], &both),
            ("OpenShift", vec![speaker(&["--port=7472"], &[("monitoring", 7472)]), openshift], &both),
            ("0.16.1", vec![speaker(&["--port=9120"], &[("metricshttps", 9120), memberlist])], &secure),
            ("metrics off", vec![speaker(&["--port=0"], &[("metricshttps", 9120)])], &[]),
            (
                "ports not named",
                vec![speaker(&["-port", "7000"], &[("", 7000)])],
                &["http://192.0.2.7:7000/metrics", "https://192.0.2.7:7000/metrics"],
            ),
            ("nothing said", vec![speaker(&["--log-level=info"], &[])], &both),
        ];
        for (name, containers, wanted) in table {
            assert_eq!(urls("192.0.2.7", containers), wanted, "{name}");
        }
        let v6 = urls("2001:db8::7", vec![container("speaker", &[], &[("monitoring", 7472)])]);
        assert_eq!(v6, ["http://[2001:db8::7]:7472/metrics"]);
    }

    #[test]
    fn a_token_goes_over_https_alone() {
        let pod = SpeakerPod { host: [192, 0, 2, 7].into(), containers: Vec::new() };
        let found = endpoints(&pod, "/token");
        let tokens: Vec<_> = found.iter().map(|endpoint| endpoint.token_file.is_some()).collect();
        assert_eq!(tokens, [false, true]);
    }

    #[test]
    fn flags_make_an_endpoint_or_one_line_that_says_what_is_missing() {
        let ca = || Some(PathBuf::from("/ca.crt"));
        let token = || Some(PathBuf::from("/token"));
        let table = [
            (
                "http://192.0.2.7:7472",
                None,
                None,
                false,
                Ok(("http://192.0.2.7:7472/metrics", Trust::Anybody)),
            ),
            (
                "https://n1:9120/x",
                token(),
                ca(),
                false,
                Ok(("https://n1:9120/x", Trust::Authority("/ca.crt".into()))),
            ),
            ("https://n1:9120", token(), None, true, Ok(("https://n1:9120/metrics", Trust::Anybody))),
            ("https://n1:9120", token(), None, false, Err("whose certificate is it?")),
            ("http://n1:7472", token(), None, false, Err("a token is sent over https alone")),
            ("unix:/run/x", None, None, false, Err("give http://ADDRESS:PORT")),
        ];
        for (url, token_file, ca_file, skip, wanted) in table {
            let given = Endpoint::given(Url::parse(url).unwrap(), token_file, ca_file, skip);
            match (given, wanted) {
                (Ok(given), Ok((url, trust))) => assert_eq!((given.url.as_str(), given.trust), (url, trust)),
                (Err(error), Err(wanted)) => assert!(error.to_string().contains(wanted), "{url}: {error}"),
                (given, wanted) => panic!("{url}: {given:?}, not {wanted:?}"),
            }
        }
    }
}
