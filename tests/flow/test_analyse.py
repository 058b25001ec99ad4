"""What simian analyse asks, files, keeps and refuses; and the whole way by command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from simian_army import wiring
from simian_army.cli.analysing import Wish, analyse
from simian_army.errors import ConfigError, UsageError
from simian_army.model import AuditEvent, Phase
from tests.cluster.waiting import until
from tests.flow.ground import Ground
from tests.flow.lines import ONE, WHYS, close_the_node, fire


def open_once_judged(shop: Ground) -> None:
    """Let the group be whole again as soon as the ledger says that it was not in time."""
    with wiring.books(wiring.read_config(shop.config)) as books:
        until("it to be judged", lambda: list(books.ledger.query(phase=Phase.JUDGED)), 90)
    close_the_node(shop, closed=False)


def simian(shop: Ground, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "simian_army", *words, "-c", str(shop.config)],
        cwd=shop.folder,
        env=dict(os.environ),
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
def test_by_command_a_bad_run_is_denied_with_its_reason_and_allowed_once_it_is_analysed(shop: Ground) -> None:
    shop.write(ONE, more="  recovery_limit: 1s\n")
    close_the_node(shop, closed=True)
    opening = threading.Thread(target=open_once_judged, args=(shop,))
    opening.start()
    said = simian(shop, "once", "pods")
    opening.join()
    assert said.returncode == 0, said.stderr
    (bad,) = (line for line in said.stdout.splitlines() if line.strip().startswith("judged"))
    run = bad.partition("`simian analyse ")[2].partition("`")[0]
    assert "bad: not seen whole within 1 s: 3 of 4 pods" in bad
    said = simian(shop, "once", "pods")
    assert said.returncode == 3
    assert "by line: the line of shop/Deployment/web is stopped since 20" in said.stdout
    assert "shop/Deployment/web since 20" in simian(shop, "status").stdout
    assert f"simian analyse {run}" in simian(shop, "why", "shop/web").stdout
    said = simian(shop, "analyse", run, typed="the node was cordoned\nwatch cordons\nann\n\n")
    assert said.returncode == 0, said.stderr
    assert "1 whys" in said.stdout and "the line of shop/Deployment/web goes on" in said.stdout
    audit = simian(shop, "audit", "--run", run).stdout
    assert "1. the node was cordoned (remedy: watch cordons; owner: ann)" in audit
    assert "bad: not seen whole within 1 s" in audit
    assert "stopped" not in simian(shop, "status").stdout
    assert simian(shop, "once", "pods").returncode == 0


@pytest.mark.slow
def test_what_was_typed_before_it_broke_off_is_kept_in_a_file_that_can_be_filed(shop: Ground) -> None:
    shop.write(ONE)
    with shop.house() as house:
        run = fire(house).run.id
    said = simian(shop, "analyse", run, typed="the node was cordoned\nwatch cordons\nann\nnobody knew\n")
    assert said.returncode == 130
    file = shop.folder / f"analysis-{run}.yaml"
    assert f"what you said is in {file.name}: `simian analyse {run} --file {file.name}` files it" in said.stderr
    said = simian(shop, "analyse", run, "--file", file.name)
    assert said.returncode == 2
    assert f"{file.name}:10 whys[1].remedy: " in said.stderr
    file.write_text(file.read_text().replace('""', '"x"'))
    said = simian(shop, "analyse", run, "--file", file.name, "--json")
    event = json.loads(said.stdout)
    assert [one["why"] for one in event["data"]["whys"]] == ["the node was cordoned", "nobody knew"]
    assert event["data"]["lines"] == []


def events(shop: Ground) -> list[AuditEvent]:
    with wiring.books(wiring.read_config(shop.config)) as books:
        return list(books.ledger.query(phase=Phase.ANALYSED))


def test_an_unknown_run_is_refused_with_the_nearest(shop: Ground, tmp_path: Path) -> None:
    with shop.house() as house:
        run = fire(house).run.id
    file = tmp_path / "whys.yaml"
    file.write_text(WHYS)
    with pytest.raises(UsageError, match=f"no run {run[:-1]}; did you mean {run}"):
        analyse(shop.config, Wish(run[:-1], file))
    with pytest.raises(UsageError, match="name the run that is to be analysed; no line is stopped"):
        analyse(shop.config, Wish("", file))
    assert events(shop) == []


def test_a_run_that_stopped_no_line_is_filed_all_the_same_and_says_so(
    shop: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with shop.house() as house:
        run = fire(house).run.id
    file = tmp_path / "whys.yaml"
    file.write_text(WHYS)
    assert analyse(shop.config, Wish(run, file)) == 0
    assert "no line was stopped by it; it is kept all the same" in capsys.readouterr().out
    (event,) = events(shop)
    assert event.data["author"] == wiring.actor()


def test_the_template_loads_once_it_is_filled_in(
    shop: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with shop.house() as house:
        run = fire(house).run.id
    assert analyse(Path("there is none"), Wish(run, template=True)) == 0
    file = tmp_path / "whys.yaml"
    file.write_text(capsys.readouterr().out)
    with pytest.raises(ConfigError) as caught:
        analyse(shop.config, Wish(run, file))
    assert [mistake.path for mistake in caught.value.mistakes] == ["whys[0].why", "whys[0].remedy", "whys[0].owner"]
    file.write_text(file.read_text().replace('""', '"something"'))
    assert analyse(shop.config, Wish(run, file)) == 0
