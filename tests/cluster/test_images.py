"""Are images the same bytes each time, and is what a machine does not allow told by name."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster import agent_image, images, machine
from tests.cluster.images import Image
from tests.cluster.machine import CONTROLLERS, NEEDED, Machine

ABLE = Machine(
    kernel="6",
    root=True,
    cores=2,
    memory_mib=4096,
    capabilities="0",
    cgroups=tuple(CONTROLLERS),
    allows=dict.fromkeys(machine.TRIED, True),
    lacks=(),
)


def written(folder: Path, name: str) -> bytes:
    file = images.layer(folder / f"{name}.tar", {"bin/app": b"app", "etc/b": b"b"}, {"bin/sh": "app"})
    out = io.BytesIO()
    Image("simian.local/app:1", [file], command=["app"], user="65532").write(out)
    return out.getvalue()


def test_an_image_is_the_same_bytes_each_time_and_its_layer_is_what_it_says(tmp_path: Path) -> None:
    first, second = written(tmp_path, "first"), written(tmp_path, "second")
    assert first == second
    with tarfile.open(fileobj=io.BytesIO(first)) as tar:
        read = {entry.name: tar.extractfile(entry) for entry in tar}
        (manifest,) = json.load(read["manifest.json"] or io.BytesIO())
        config = json.load(read[manifest["Config"]] or io.BytesIO())
        (low,) = manifest["Layers"]
        found = hashlib.sha256((read[low] or io.BytesIO()).read()).hexdigest()
    assert manifest["RepoTags"] == ["simian.local/app:1"]
    assert config["rootfs"]["diff_ids"] == [f"sha256:{found}"]
    assert (config["config"]["Cmd"], config["config"]["User"]) == (["app"], "65532")


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (ABLE, ""),
        (replace(ABLE, root=False), "it needs root, to make namespaces"),
        (replace(ABLE, lacks=("runc", "conntrack")), "apt-get install runc conntrack"),
        (replace(ABLE, cgroups=()), "cgroup v1 with the controllers cpu, cpuacct,"),
        (replace(ABLE, allows={**ABLE.allows, "veth": False}), "the kernel refuses veth"),
        (replace(ABLE, allows={**ABLE.allows, "netem": False}), ""),
    ],
)
def test_what_keeps_a_real_node_off_a_machine_is_told_by_name(found: Machine, reason: str) -> None:
    assert found.reason.startswith(reason) if not reason else reason in found.reason
    assert bool(found.reason) == bool(reason)


def test_what_is_needed_is_tried() -> None:
    assert set(NEEDED) <= set(machine.TRIED)


@pytest.mark.real
@pytest.mark.slow
def test_the_agents_own_layer_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    machine.ready()
    agent_image.agent()
    with agent_image._place() as place:
        for name in ("first.tar", "second.tar"):
            agent_image._own(place, tmp_path / name)
    assert (tmp_path / "first.tar").read_bytes() == (tmp_path / "second.tar").read_bytes()
