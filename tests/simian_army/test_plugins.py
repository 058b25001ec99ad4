"""What can be plugged in, and what becomes of a plug-in that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest

from simian_army import plugins
from simian_army.errors import PluginError
from simian_army.plugins import found, pick


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> list[EntryPoint]:
    """The entry points that are installed, as far as this test is concerned."""
    points: list[EntryPoint] = []
    monkeypatch.setattr(plugins, "entry_points", lambda group: [p for p in points if p.group == group])
    found.cache_clear()
    return points


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    found.cache_clear()
    yield
    found.cache_clear()  # the tests after these have other plug-ins


def point(name: str, value: str, kind: str = "monkey") -> EntryPoint:
    return EntryPoint(name, value, plugins.KINDS[kind])


def test_the_built_in_ones_are_entry_points_too() -> None:
    assert "chaos" in found("monkey")
    assert {"pod-evict", "pod-delete", "node-cordon"} <= set(found("fault"))
    assert all(plugin.error == "" for kind in plugins.KINDS for plugin in found(kind).values())


def test_one_that_cannot_be_imported_is_listed_with_its_error_and_cannot_be_picked(offered: list[EntryPoint]) -> None:
    offered += [point("good", "monkeys.chaos:ChaosMonkey"), point("bad", "no_such_module:Thing")]
    assert found("monkey")["good"].make is not None
    assert "ModuleNotFoundError" in found("monkey")["bad"].error
    with pytest.raises(PluginError, match=r"bad of .* cannot be loaded: ModuleNotFoundError"):
        pick("monkey", "bad")


def test_what_is_no_class_is_refused(offered: list[EntryPoint]) -> None:
    offered.append(point("odd", "monkeys.drawing:_MODES"))
    assert "is not a class" in found("monkey")["odd"].error


def test_two_owners_of_one_name_leave_none_usable(offered: list[EntryPoint]) -> None:
    offered += [point("same", "monkeys.chaos:ChaosMonkey"), point("same", "simian_army.model:Target")]
    assert "two packages offer it" in found("monkey")["same"].error
    assert found("monkey")["same"].make is None


def test_an_unknown_name_is_told_the_nearest() -> None:
    with pytest.raises(PluginError, match="no monkey named chaso, did you mean chaos"):
        pick("monkey", "chaso")


def test_wrong_missing_and_refused_parameters_are_named() -> None:
    chaos = found("monkey")["chaos"]
    assert chaos.wrong({"fualt": "x"}) == [("fualt", "unknown parameter of chaos", "did you mean fault?")]
    assert "not one of" in chaos.wrong({"mode": "some"})[0][1]
    assert chaos.wrong({"fault": "pod-evict"}) == []


def test_parameters_are_told_in_plain_words() -> None:
    assert found("monkey")["chaos"].parameters()["fault"] == "str | None = None"
    assert found("monkey")["latency"].parameters()["fault"] == "str = 'proxy-latency'"
    assert "seconds" in found("fault")["pod-evict"].parameters()["grace"]


def test_a_fault_says_how_it_is_undone_and_how_it_ends_when_nobody_of_ours_lives() -> None:
    stop = found("fault")["instance-stop"].undoing()
    assert stop["reversible"] is True
    assert stop["restores"] == ["State.Name", "Tags"]
    assert stop["undo"]["state"].startswith("the state it was in before")
    assert ["ec2:StopInstances"] in stop["permissions"]
    assert "where platforms.aws.scheduler_role is set" in stop["alone"]
    assert found("monkey")["chaos"].undoing() == {}


def test_each_of_our_faults_says_itself_how_it_ends_alone() -> None:
    ours = [plugin for plugin in found("fault").values() if plugin.origin.startswith("simian-army ")]
    assert len(ours) >= 7
    for plugin in ours:
        said = getattr(plugin.make, "alone", "")
        assert said and said != plugins.UNSAID, plugin.name
        assert ("momentary" in said) is not plugin.undoing()["reversible"], plugin.name


@pytest.mark.parametrize(("reversible", "words"), [(True, plugins.UNSAID), (False, plugins.MOMENTARY)])
def test_a_third_partys_fault_that_says_nothing_of_it_is_spoken_for(reversible: bool, words: str) -> None:
    theirs = plugins.Plugin("fault", "mine", "theirs", type("Mine", (), {"reversible": reversible}))
    assert theirs.undoing()["alone"] == words
    assert theirs.undoing()["permissions"] == []


def test_one_that_cannot_be_loaded_says_nothing_of_its_undo(offered: list[EntryPoint]) -> None:
    offered.append(point("bad", "no_such_module:Thing", "fault"))
    assert found("fault")["bad"].undoing() == {}
