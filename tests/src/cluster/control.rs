//! The control plane: etcd, the API server, the controller manager, the scheduler.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{Kit, Service, address, proxy::Proxy, run};
use crate::lab::{Cgroups, Host, until, until_every};

/// How long the API server may take to be ready.
const LIMIT: Duration = Duration::from_secs(60);

/// How often to ask whether it is.
const INTERVAL: Duration = Duration::from_millis(200);

/// Where the API server listens.
const PORT: u16 = 6443;

/// A running control plane.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) services: Vec<Service>,
    /// For the cluster's own programs, which see the lab's addresses.
    pub(super) inside: PathBuf,
    /// For everybody else on the machine.
    pub(super) outside: PathBuf,
    _proxy: Proxy,
    pub(super) host: Host,
}

impl Control {
    /// Starts all of it on `host` and waits until the API server is ready.
    pub(super) fn start(host: Host, kit: &Kit, cgroups: &Cgroups, folder: &Path) -> Result<Self> {
        let group = cgroups.add("cp")?;
        let procs = cgroups.procs(&group)?;
        let token = fs::read_to_string("/proc/sys/kernel/random/uuid").context("a random token")?;
        let token = token.trim();
        let proxy = Proxy::start(&host, (host.v4().ip, PORT).into())?;
        let at = |file: &str| folder.join(file);
        write_secret(&at("tokens.csv"), &format!("{token},admin,admin,system:masters\n"))?;
        service_account_key(&at("sa.key"))?;

        let start = |name: &str, args: &[String]| {
            let mut argv: Vec<OsString> = vec!["nsenter".into(), network(&host), "--".into()];
            argv.push(kit.program(name).into());
            argv.extend(args.iter().map(OsString::from));
            Service::start_new(name, &argv, &kit.path(), &procs, folder)
        };
        let mut services = vec![start("etcd", &etcd(folder))?];
        services.push(start("kube-apiserver", &api_server(&host, folder))?);
        let certificate = at("tls/apiserver.crt");
        until(LIMIT, || services[1].ensure_runs().map(|()| certificate.exists().then_some(())))
            .context("the API server's certificate")?;

        let (inside, outside) = (at("inside.kubeconfig"), at("kubeconfig"));
        let ca = fs::canonicalize(&certificate)?;
        write_secret(&inside, &kubeconfig(&format!("{}:{PORT}", host.v4().ip), &ca, token))?;
        // By this name, which the certificate the API server makes for itself has.
        write_secret(&outside, &kubeconfig(&format!("localhost:{}", proxy.port()), &ca, token))?;
        let kubectl = kit.program("kubectl");
        until_every(INTERVAL, LIMIT, || {
            services[1].ensure_runs()?;
            let mut ask = Command::new(&kubectl);
            ask.arg("--kubeconfig").arg(&outside).args(["get", "--raw=/readyz", "--request-timeout=5s"]);
            Ok(run::read(&mut ask).ok())
        })
        .context("the API server is not ready")?;

        let client = format!("--kubeconfig={}", inside.display());
        let mut manager = strings(&["--leader-elect=false", "--use-service-account-credentials=true"]);
        manager.push(client.clone());
        manager.push(format!("--flex-volume-plugin-dir={}", at("volumeplugins").display()));
        manager.push(format!("--service-account-private-key-file={}", at("sa.key").display()));
        manager.push(format!("--root-ca-file={}", ca.display()));
        services.push(start("kube-controller-manager", &manager)?);
        services.push(start("kube-scheduler", &[client, "--leader-elect=false".to_owned()])?);
        Ok(Self { services, inside, outside, _proxy: proxy, host })
    }
}

/// The argument of nsenter that enters a host's network namespace.
pub(super) fn network(host: &Host) -> OsString {
    format!("--net={}", host.path().display()).into()
}

fn etcd(folder: &Path) -> Vec<String> {
    let mut args = strings(&[
        "--listen-client-urls=http://127.0.0.1:2379",
        "--advertise-client-urls=http://127.0.0.1:2379",
        "--listen-peer-urls=http://127.0.0.1:2380",
        // It does not have to survive a power cut.
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]);
    args.push(format!("--data-dir={}", folder.join("etcd").display()));
    args
}

fn api_server(host: &Host, folder: &Path) -> Vec<String> {
    let at = |file: &str| folder.join(file).display().to_string();
    let mut args = strings(&[
        "--etcd-servers=http://127.0.0.1:2379",
        "--bind-address=0.0.0.0",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
        "--service-account-issuer=https://kubernetes.default.svc",
        // Nodes' names are known to the API server alone.
        "--kubelet-preferred-address-types=InternalIP",
        // Webhooks are called at their pods' addresses: so this host needs no kube-proxy.
        "--enable-aggregator-routing=true",
    ]);
    args.push(format!("--secure-port={PORT}"));
    args.push(format!("--advertise-address={}", host.v4().ip));
    args.push(format!("--service-cluster-ip-range={}", address::SERVICES));
    args.push(format!("--cert-dir={}", at("tls")));
    args.push(format!("--token-auth-file={}", at("tokens.csv")));
    args.push(format!("--service-account-key-file={}", at("sa.key")));
    args.push(format!("--service-account-signing-key-file={}", at("sa.key")));
    args
}

/// What tokens of `ServiceAccount`s are signed with.
fn service_account_key(path: &Path) -> Result<()> {
    let mut openssl = Command::new("openssl");
    openssl.args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out"]).arg(path);
    run::read(&mut openssl).context("is openssl installed?").map(drop)
}

fn kubeconfig(server: &str, ca: &Path, token: &str) -> String {
    let ca = ca.display();
    format!(
        "apiVersion: v1\n\
         kind: Config\n\
         current-context: lab\n\
         clusters:\n\
         - name: lab\n  cluster:\n    server: https://{server}\n    certificate-authority: {ca}\n\
         users:\n\
         - name: admin\n  user:\n    token: {token}\n\
         contexts:\n\
         - name: lab\n  context:\n    cluster: lab\n    user: admin\n"
    )
}

fn write_secret(path: &Path, text: &str) -> Result<()> {
    let file = fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("write {}", path.display()))
}

fn strings(args: &[&str]) -> Vec<String> {
    args.iter().map(|&arg| arg.to_owned()).collect()
}
