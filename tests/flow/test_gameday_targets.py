"""Does a game day look for whom its steps name before the first of them begins."""

from __future__ import annotations

import os
import subprocess

import pytest

from simian_army.cli.gameday import Wish, gameday
from simian_army.errors import ConfigError
from tests.cluster.waiting import until
from tests.flow.acting import NODE, POD, SIMIAN, SPARED, acted, begun, cordoned, days, states, written
from tests.flow.ground import Ground


def refused(shop: Ground, *steps: str, restart: bool = False) -> list[str]:
    """The mistakes, a line each."""
    with pytest.raises(ConfigError) as wrong:
        gameday(shop.config, Wish(written(shop, *steps), restart=restart))
    return [line.removeprefix(str(shop.folder)).strip("/ ") for line in str(wrong.value).splitlines()]


def pod_of(shop: Ground, name: str) -> str:
    there = (one["metadata"]["name"] for one in shop.server.objects("Pod", "shop"))
    return f"shop/{next(one for one in there if one.startswith(name))}"


def test_each_step_whose_target_is_not_there_is_a_mistake_at_its_line_and_nothing_begins(shop: Ground) -> None:
    steps = (POD, "{monkey: pods, target: shop/chekout}", NODE, "{fault: node-cordon, target: node node-z}", SPARED)
    first, second = refused(shop, *steps)
    assert first.startswith("day.yaml:4 steps[1].target: there is no target shop/chekout; did you mean ")
    assert "shop/checkout" in first
    assert second.startswith("day.yaml:6 steps[3].target: there is no target node node-z; did you mean ")
    assert shop.writes() == [] and days(shop) == []


def test_a_name_that_is_no_use_to_a_fault_of_its_kind_is_one_too(shop: Ground) -> None:
    (only,) = refused(shop, "{fault: node-cordon, target: shop/web}")
    assert only.startswith("day.yaml:3 steps[0].target: there is no target shop/web")
    assert days(shop) == []


def test_it_is_told_as_a_mistake_in_a_file_is(shop: Ground) -> None:
    written(shop, "{monkey: pods, target: shop/nobody}")
    command = [*SIMIAN, "gameday", "day.yaml", "-c", str(shop.config)]
    done = subprocess.run(
        command, cwd=shop.folder, env=dict(os.environ), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2
    assert "day.yaml:3 steps[0].target: there is no target shop/nobody" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr and done.stdout == ""


@pytest.mark.slow
def test_a_day_that_goes_on_does_not_look_for_whom_it_has_struck_and_one_that_begins_anew_does(
    shop: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    struck = pod_of(shop, "web-")
    steps = (f"{{monkey: pods, target: {struck}}}", NODE.replace("3s", "20s"), SPARED)
    written(shop, *steps)
    with begun(shop) as child:
        until("the node to be cordoned", lambda: cordoned(shop), 60)
        until("the step to be told", lambda: days(shop)[0].pages[2].fired, 60)
        child.kill()
    (only,) = refused(shop, *steps, restart=True)
    assert only.startswith(f"day.yaml:3 steps[0].target: there is no target {struck}")
    code, report = acted(shop, capsys, *steps)
    assert (code, states(report), report["resumed"]) == (0, ["done"] * 3, 1), report["why"]
