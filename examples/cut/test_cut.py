from functools import partial

from cut import ServiceCut

from simian_army.testing import KubernetesWorld, conformance

WEB = {"apiVersion": "v1", "kind": "Service", "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}
Cluster = partial(KubernetesWorld, like={"service": WEB})

TestServiceCut = conformance(ServiceCut, Cluster)
