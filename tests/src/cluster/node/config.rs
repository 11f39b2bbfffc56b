//! What a node's programs are told.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::cluster::{Kit, address};
use crate::lab::Host;

/// What kubelet wants of the kernel (its `setupKernelTunables`): it changes nothing that reads so.
const KERNEL: [(&str, &str); 6] = [
    ("vm/overcommit_memory", "1"),
    ("vm/panic_on_oom", "0"),
    ("kernel/panic", "10"),
    ("kernel/panic_on_oops", "1"),
    ("kernel/keys/root_maxkeys", "1000000"),
    ("kernel/keys/root_maxbytes", "25000000"),
];

/// Writes all of it into the node's folder. `cgroup` is the group for its pods.
pub(super) fn write(host: &Host, number: u8, kit: &Kit, cgroup: &str, folder: &Path) -> Result<()> {
    let put = |name: &str, text: &str| {
        let path = folder.join(name);
        let parent = path.parent().context("a file in a folder")?;
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, text))
            .with_context(|| format!("write {}", path.display()))
    };
    for (key, value) in KERNEL {
        put(&format!("sysctl/{key}"), value)?;
    }
    put("cni/10-ptp.conflist", &network(number).to_string())?;
    put("containerd.toml", &containerd(kit, &folder.join("cni")))?;
    put("kubelet.json", &kubelet(cgroup).to_string())?;
    let kubeconfig = folder.with_file_name("cp").join("inside.kubeconfig");
    put("kube-proxy.json", &kube_proxy(host, &kubeconfig).to_string())
}

/// A cable from each pod to the node, addresses of both families, routes by way of the node.
fn network(number: u8) -> Value {
    let (v4, v6) = address::pods(number);
    let (v4_prefix, v6_prefix) = address::POD_PREFIXES;
    json!({
        "cniVersion": "0.4.0",
        "name": "pods",
        "plugins": [{
            "type": "ptp",
            "ipMasq": false,
            "ipam": {
                "type": "host-local",
                "ranges": [
                    [{ "subnet": format!("{v4}/{v4_prefix}") }],
                    [{ "subnet": format!("{v6}/{v6_prefix}") }],
                ],
                "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }],
            },
        }],
    })
}

fn containerd(kit: &Kit, cni: &Path) -> String {
    let (runc, plugins, pause) = (kit.program("runc"), kit.cni(), Kit::PAUSE);
    format!(
        r#"version = 2
oom_score = 0
disabled_plugins = [
    "io.containerd.snapshotter.v1.aufs",
    "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper",
    "io.containerd.snapshotter.v1.zfs",
]

[plugins."io.containerd.internal.v1.opt"]
path = "/var/lib/containerd/opt"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
disable_apparmor = true
# Where CAP_SYS_RESOURCE is missing, runc dies otherwise.
restrict_oom_score_adj = true
tolerate_missing_hugetlb_controller = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{}"
conf_dir = "{}"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = "{}"
"#,
        plugins.display(),
        cni.display(),
        runc.display(),
    )
}

fn kubelet(cgroup: &str) -> Value {
    json!({
        "kind": "KubeletConfiguration",
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        // The API server has no certificate for it; nobody else reaches it.
        "authentication": { "anonymous": { "enabled": true }, "webhook": { "enabled": false } },
        "authorization": { "mode": "AlwaysAllow" },
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroup,
        "enforceNodeAllocatable": ["none"],
        "failCgroupV1": false,
        "failSwapOn": false,
        "localStorageCapacityIsolation": false,
        "makeIPTablesUtilChains": false,
        "oomScoreAdj": 0,
        "resolvConf": "",
        "volumePluginDir": "/var/lib/kubelet/volumeplugins",
        // A machine's disk may be as full as it likes.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": { "imagefs.available": "0%", "nodefs.available": "0%", "nodefs.inodesFree": "0%" },
    })
}

fn kube_proxy(host: &Host, kubeconfig: &Path) -> Value {
    json!({
        "kind": "KubeProxyConfiguration",
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "clientConnection": { "kubeconfig": kubeconfig },
        "hostnameOverride": host.name(),
        "mode": "nftables",
        "clusterCIDR": address::PODS,
        "oomScoreAdj": 0,
        // The kernel's limits are the whole machine's.
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
            "udpTimeout": "0s",
            "udpStreamTimeout": "0s",
        },
    })
}
