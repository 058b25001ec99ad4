"""What the parts of the real node are told: flags and configuration files, each with what it is good for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.cluster.audit import POLICY
from tests.cluster.inside import ADDRESS, SERVICES

if TYPE_CHECKING:
    from pathlib import Path

NAME, PORT = "node-1", 6443
INSIDE = f"https://{ADDRESS}:{PORT}"
"""How everything in the node reaches the API server; tests come by its door."""

PODS = "10.200.0.0/24"
ETCD = "http://127.0.0.1:2379"
SOCKET = "/run/containerd/containerd.sock"
KUBERNETES = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost", "127.0.0.1", "10.96.0.1"]
KUBELET = f"system:node:{NAME}"
PAUSE = "simian.local/pause:1"
NONE = dict.fromkeys(("memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available"), "0%")

CONTAINERD = """\
version = 2
root = "{folder}/containerd"
state = "/run/containerd"
disabled_plugins = [{without}]

[grpc]
  address = "{socket}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true            # without CAP_SYS_RESOURCE nobody gets a negative one
  disable_apparmor = true                  # a profile would be loaded for the whole machine
  tolerate_missing_hugetlb_controller = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{folder}/cni"
"""
WITHOUT = [
    *(f"io.containerd.snapshotter.v1.{kind}" for kind in ("aufs", "btrfs", "devmapper", "zfs")),
    "io.containerd.internal.v1.opt",
    "io.containerd.tracing.processor.v1.otlp",
]


@dataclass(frozen=True, slots=True)
class Flags:
    """What each part of the node whose files are in ``folder`` is told. ``write`` first."""

    folder: Path

    def write(self) -> None:
        """Write the configuration files."""
        (self.folder / "cni").mkdir()
        self._json("cni/10-bridge.conflist", self._cni())
        self._json("kubelet.json", self._kubelet())
        self._json("kube-proxy.json", self._proxy())
        ours = {"level": "None", "users": [KUBELET, "part:kube-proxy"]}
        self._json("policy.json", {**POLICY, "rules": [ours, *POLICY["rules"]]})
        without = ", ".join(f'"{name}"' for name in WITHOUT)
        text = CONTAINERD.format(folder=self.folder, socket=SOCKET, pause=PAUSE, without=without)
        (self.folder / "containerd.toml").write_text(text)

    def etcd(self) -> list[str]:
        """Loopback of the node's own network: every node may use the same ports."""
        return [f"--data-dir={self.folder}/etcd", "--unsafe-no-fsync", "--log-level=warn"]

    def apiserver(self, audit_log: Path) -> list[str]:
        """On the node's one address, with certificates of ours, so that pods can verify it."""
        key = self.folder / "sa.key"
        return [
            f"--etcd-servers={ETCD}",
            f"--bind-address={ADDRESS}",
            f"--advertise-address={ADDRESS}",
            f"--secure-port={PORT}",
            f"--tls-cert-file={self.folder}/apiserver.crt",
            f"--tls-private-key-file={self.folder}/apiserver.key",
            f"--client-ca-file={self.folder}/authority.crt",
            f"--kubelet-certificate-authority={self.folder}/authority.crt",
            f"--kubelet-client-certificate={self.folder}/apiserver-to-kubelet.crt",
            f"--kubelet-client-key={self.folder}/apiserver-to-kubelet.key",
            "--kubelet-preferred-address-types=InternalIP",  # nobody resolves the node's name
            "--enable-admission-plugins=NodeRestriction",
            f"--service-cluster-ip-range={SERVICES}",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--token-auth-file={self.folder}/tokens.csv",
            "--authorization-mode=Node,RBAC",
            f"--audit-policy-file={self.folder}/policy.json",
            f"--audit-log-path={audit_log}",
            "--audit-log-maxsize=10000",
        ]

    def controllers(self) -> list[str]:
        """``--root-ca-file`` is what pods verify the API server with."""
        key = f"--service-account-private-key-file={self.folder}/sa.key"
        return [key, f"--root-ca-file={self.folder}/authority.crt", "--node-monitor-grace-period=300s"]

    def kubelet(self) -> list[str]:
        """Its config says the rest."""
        return [
            f"--config={self.folder}/kubelet.json",
            f"--kubeconfig={self.folder}/kubelet.kubeconfig",
            f"--hostname-override={NAME}",
            f"--node-ip={ADDRESS}",
            f"--root-dir={self.folder}/kubelet",
            f"--cert-dir={self.folder}/kubelet-certs",
        ]

    def _kubelet(self) -> dict[str, Any]:
        # closed: who speaks to it must be known to the API server and be allowed to, untrusted pods cannot
        certs = {"tlsCertFile": f"{self.folder}/kubelet.crt", "tlsPrivateKeyFile": f"{self.folder}/kubelet.key"}
        known = {"anonymous": {"enabled": False}, "webhook": {"enabled": True}}
        trusted = {"x509": {"clientCAFile": f"{self.folder}/authority.crt"}}
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": ADDRESS,
            "authentication": {**known, **trusted},
            "authorization": {"mode": "Webhook"},
            **certs,
            "containerRuntimeEndpoint": f"unix://{SOCKET}",
            "cgroupDriver": "cgroupfs",
            "failCgroupV1": False,
            "cgroupsPerQOS": False,
            "enforceNodeAllocatable": [],
            "failSwapOn": False,
            "oomScoreAdj": 0,
            "resolvConf": "/etc/resolv.conf",
            "evictionHard": NONE,  # how full the machine's disk is, is none of the tests' business
            "imageGCHighThresholdPercent": 100,
            "serializeImagePulls": False,
            "registerNode": True,
        }

    def _proxy(self) -> dict[str, Any]:
        return {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "iptables",
            "clusterCIDR": PODS,
            "hostnameOverride": NAME,
            "clientConnection": {"kubeconfig": f"{self.folder}/kube-proxy.kubeconfig"},
            "healthzBindAddress": "127.0.0.1:10256",
            "metricsBindAddress": "127.0.0.1:10249",
            "conntrack": {"maxPerCore": 0, "min": 0},  # else it turns switches of the whole machine
            "oomScoreAdj": 0,
        }

    def _cni(self) -> dict[str, Any]:
        addresses = {"type": "host-local", "ranges": [[{"subnet": PODS}]], "routes": [{"dst": "0.0.0.0/0"}]}
        bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": True, "hairpinMode": True}
        ports = {"type": "portmap", "capabilities": {"portMappings": True}}
        return {"cniVersion": "0.4.0", "name": "pods", "plugins": [{**bridge, "ipam": addresses}, ports]}

    def _json(self, name: str, what: object) -> None:
        (self.folder / name).write_text(json.dumps(what, indent=1))
