"""The calls of a life in which nothing goes wrong, as `python -m tests.api_faults.record` prints them: step, call."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

CLEAN = {
    "node-cordon": """
find list nodes
read get nodes
reach list pods
identity get namespaces
identity list validatingwebhookconfigurations
identity list apiservices
identity list mutatingwebhookconfigurations
identity list customresourcedefinitions
prepare get nodes
inject get nodes
inject patch nodes
observe get nodes
look get nodes
look list pods
revert get nodes
revert patch nodes
revert get nodes
""",
    "pod-evict": """
find list pods
find get namespaces
find get replicasets
find get deployments
read get pods
read get namespaces
read get replicasets
read get deployments
read get deployments
read list pods
read list poddisruptionbudgets
read get replicasets
read list horizontalpodautoscalers
read get namespaces
identity get namespaces
identity list validatingwebhookconfigurations
identity list mutatingwebhookconfigurations
identity list apiservices
identity list customresourcedefinitions
prepare get pods
inject create pods/eviction
observe get pods
look get namespaces
look get deployments
look list pods
look get replicasets
""",
    "instance-stop": """
find GetCallerIdentity
find DescribeInstances
read DescribeInstances
prepare DescribeInstances
inject DescribeInstances
inject CreateTags
inject DescribeInstances
inject StopInstances
observe DescribeInstances
look DescribeInstances
revert DescribeInstances
revert StartInstances
revert DescribeInstances
revert DescribeInstances
revert DeleteTags
revert DescribeInstances
""",
    "instance-terminate": """
find GetCallerIdentity
find DescribeInstances
find DescribeAutoScalingGroups
read DescribeInstances
read DescribeAutoScalingGroups
read DescribeAutoScalingGroups
prepare DescribeInstances
prepare DescribeInstanceAttribute
inject DescribeInstances
inject TerminateInstanceInAutoScalingGroup
observe DescribeInstances
look DescribeAutoScalingGroups
""",
    "proxy-latency": """
find GET /proxies
read GET /proxies/*
identity GET /version
prepare GET /proxies/*
inject GET /proxies/*
inject POST /proxies/*/toxics
inject GET /proxies/*/toxics
observe GET /proxies/*
look GET /proxies/*
revert GET /proxies/*
revert DELETE /proxies/*/toxics/*
revert GET /proxies/*
revert GET /proxies/*
revert GET /proxies/*
""",
}


def calls(kind: str) -> list[tuple[str, str]]:
    """Step and call, in order."""
    found = []
    for line in CLEAN[kind].strip().splitlines():
        step, _, what = line.strip().partition(" ")
        found.append((step, what.strip()))
    return found


def tidy(steps: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same with the calls of each step in order of their names: some are sent side by side."""
    return [one for _, block in groupby(steps, key=itemgetter(0)) for one in sorted(block)]
