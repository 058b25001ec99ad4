from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simian_army.clock import SystemClock
from simian_army.errors import ConfigError, Forbidden, PlatformError
from simian_army.model import Fault, Target
from simian_army.targets.amazon import facts
from simian_army.targets.amazon.login import logins
from simian_army.targets.amazon.place import Place
from simian_army.targets.amazon.sessions import Key
from tests.targets.amazon.stub import Reply, answer, caller, instance, query_error, reservations, serving
from tests.targets.amazon.world import AWAY, HOME, INSTANCE, NORTH, SOUTH, QuickClock, World, connected, mark_of

ROLE = "arn:aws:iam::{account}:role/monkeys"
TARGET = Target("aws", "instance", f"arn:aws:ec2:{NORTH}:{HOME}:instance/i-1", "i-1", "", "", None, {})
ROOT = Path(__file__).parents[3]


def given(seconds: float) -> Reply:
    ends = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: TID251 - as STS does
    keys = "<AccessKeyId>ASIAX</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
    return answer("AssumeRole", f"<Credentials>{keys}<Expiration>{ends}</Expiration></Credentials>")


@pytest.mark.slow  # an account that moto has never seen takes it seconds
def test_each_account_is_entered_by_its_role_and_seen_for_itself(world: World) -> None:
    here = world.run(2)
    there = world.run(1, account=AWAY)
    with world.connected(accounts=(HOME, AWAY), role=ROLE) as aws:
        found = {target.name: target for target in aws.find(INSTANCE)}
        assert set(found) == {*here, *there}
        away = found[there[0]]
        assert away.scope == f"{AWAY}/{NORTH}"
        assert away.id == f"arn:aws:ec2:{NORTH}:{AWAY}:instance/{there[0]}"
        assert [place.id for place in aws.identities()] == [HOME, AWAY]
        assert aws.identity(away).id == AWAY
        aws.mark(away, mark_of(Fault("instance-stop", away, undo={})))
        assert [target.id for target, _ in aws.marked()] == [away.id]
        assert aws.stop(away) == "running"
        states = [facts.state(aws.get(target) or {}) for target in (found[here[0]], away)]
        assert states == ["running", "stopped"]


@pytest.mark.parametrize("role", ["", "arn:aws:iam::999999999999:role/monkeys"])
def test_a_wrong_account_is_refused_before_anything_else_is_asked(role: str) -> None:
    with serving(lambda _: given(3600), lambda: caller("999999999999")) as stub:
        with connected(stub.url, accounts=(HOME,), role=role) as aws:
            _is_another(lambda: aws.find(INSTANCE))
            _is_another(lambda: aws.get(TARGET))
            _is_another(lambda: aws.stop(TARGET))
            _is_another(lambda: list(aws.marked()))
            _is_another(aws.identities)
            told = list(aws.check([]))
            assert [line.holds for line in told] == [False]
    assert {one.action for one in stub.asked} <= {"GetCallerIdentity", "AssumeRole"}


def _is_another(ask: Callable[[], object]) -> None:
    with pytest.raises(PlatformError, match=rf"of account 999999999999, and not of {HOME}"):
        ask()


def test_a_role_that_leads_to_another_account_than_it_names_is_refused() -> None:
    with serving(lambda _: given(3600), lambda: caller(AWAY)) as stub:
        with connected(stub.url, accounts=(HOME,), role=ROLE) as aws:
            with pytest.raises(PlatformError, match=f"of account {AWAY}, and not of {HOME}"):
                aws.find(INSTANCE)
    assert {one.action for one in stub.asked} == {"GetCallerIdentity", "AssumeRole"}


def test_who_we_are_is_proved_once_by_many_threads_and_again_after_a_minute_when_asked() -> None:
    clock = QuickClock()
    with serving(lambda _: reservations(instance("i-1"))) as stub:
        with connected(stub.url, regions=tuple(f"eu-west-{n}" for n in range(1, 7)), clock=clock) as aws:
            assert len(aws.find(INSTANCE)) == 6
            assert [one.action for one in stub.asked].count("GetCallerIdentity") == 1
            assert stub.asked[0].action == "GetCallerIdentity"
            aws.identities()
            aws.find(INSTANCE)
            assert [one.action for one in stub.asked].count("GetCallerIdentity") == 1
            clock.ticks = 61.0
            aws.find(INSTANCE)
            assert [one.action for one in stub.asked].count("GetCallerIdentity") == 1
            aws.identities()
            assert [one.action for one in stub.asked].count("GetCallerIdentity") == 2


def test_an_identity_that_changed_ends_everything() -> None:
    clock, account = QuickClock(), [HOME]
    with serving(lambda _: reservations(instance("i-1")), lambda: caller(account[0])) as stub:
        with connected(stub.url, accounts=(HOME,), clock=clock) as aws:
            assert len(aws.find(INSTANCE)) == 1
            account[0], clock.ticks = AWAY, 61.0
            with pytest.raises(PlatformError, match=AWAY):
                aws.identities()
            before = len(stub.actions())
            with pytest.raises(PlatformError, match=AWAY):
                aws.find(INSTANCE)
            assert len(stub.actions()) == before


def test_the_role_is_asked_with_its_external_id_under_the_fleet_s_name() -> None:
    with serving(lambda asked: given(3600) if asked.action == "AssumeRole" else reservations()) as stub:
        with connected(stub.url, accounts=(HOME,), role=ROLE, external_id="secret-1") as aws:
            aws.find(INSTANCE)
            aws.find(INSTANCE)
    (asked,) = [one for one in stub.asked if one.action == "AssumeRole"]
    assert asked.params["RoleArn"] == f"arn:aws:iam::{HOME}:role/monkeys"
    assert asked.params["ExternalId"] == "secret-1"
    assert asked.params["RoleSessionName"] == "simian-army-shop"
    assert "ASIAX/" in stub.asked[-1].headers["authorization"]


def test_assumed_credentials_are_renewed_before_they_end() -> None:
    with serving(lambda asked: given(120) if asked.action == "AssumeRole" else reservations()) as stub:
        with connected(stub.url, accounts=(HOME,), role=ROLE) as aws:
            aws.find(INSTANCE)
            first = stub.actions().count("AssumeRole")
            aws.find(INSTANCE)
            assert stub.actions().count("AssumeRole") > first >= 1


def test_a_role_that_may_not_be_assumed_is_forbidden_by_the_action_s_name() -> None:
    with serving(lambda _: query_error("AccessDenied", "not you", 403)) as stub:
        with connected(stub.url, accounts=(HOME,), role=ROLE) as aws:
            with pytest.raises(Forbidden, match=r"add the action sts:AssumeRole") as told:
                aws.stop(TARGET)
            assert f"arn:aws:iam::{HOME}:role/monkeys" in str(told.value)
    assert set(stub.actions()) == {"AssumeRole"}


def test_many_threads_make_each_client_once() -> None:
    (login,) = logins(Place((NORTH,), endpoint="http://127.0.0.1:9", embedded=True), SystemClock())
    gate = threading.Barrier(8)

    def make(_: int) -> object:
        gate.wait()
        return login.unproved(Key("ec2", NORTH))

    with ThreadPoolExecutor(8) as pool:
        assert len({id(client) for client in pool.map(make, range(8))}) == 1
    acts, reads = login.unproved(Key("ec2", NORTH, act=True)), login.unproved(Key("ec2", NORTH))
    assert acts.meta.config.retries["total_max_attempts"] == 1
    assert (reads.meta.config.retries["total_max_attempts"], reads.meta.config.retries["mode"]) == (3, "adaptive")
    assert {(c.meta.config.connect_timeout, c.meta.config.read_timeout) for c in (acts, reads)} == {(3.0, 10.0)}
    login.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"regions": ()}, "platforms.aws.regions"),
        ({"role": ROLE}, "platforms.aws.accounts"),
        ({"accounts": (HOME, AWAY)}, "platforms.aws.role"),
        ({"embedded": False, "profile": "nobody"}, r"platforms.aws.profile.*nobody"),
    ],
)
def test_a_place_that_cannot_be_used_is_a_mistake_in_the_config(options: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        with connected("http://127.0.0.1:9", **options):
            pass


def test_the_account_of_the_credentials_is_taken_when_config_names_none(world: World) -> None:
    world.run(1, region=SOUTH)
    with world.connected(regions=(SOUTH,)) as aws:
        (found,) = aws.find(INSTANCE)
        assert found.scope == f"{HOME}/{SOUTH}"


def test_the_partition_is_the_one_that_aws_says() -> None:
    with serving(lambda _: reservations(instance("i-1")), lambda: caller(HOME, "aws-cn")) as stub:
        with connected(stub.url, regions=("cn-north-1",)) as aws:
            assert aws.find(INSTANCE)[0].id == f"arn:aws-cn:ec2:cn-north-1:{HOME}:instance/i-1"


BLIND = """
import sys
from simian_army.model import Selector
from tests.targets.amazon.world import connected
with connected(sys.argv[1], embedded=sys.argv[2] == "yes") as aws:
    print(len(aws.find(Selector("instance"))))
"""


def run_apart(url: str, home: Path, *, embedded: bool) -> subprocess.CompletedProcess[str]:
    config = home / "config"
    config.write_text("[default]\nendpoint_url = http://127.0.0.1:9\ncredential_process = /bin/false\nretry_mode = x\n")
    strange = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(config),
        "AWS_PROFILE": "nobody",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_MAX_ATTEMPTS": "nonsense",
        "AWS_EC2_METADATA_DISABLED": "true",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }
    asked = [sys.executable, "-c", BLIND, url, "yes" if embedded else "no"]
    return subprocess.run(asked, env=strange, capture_output=True, text=True, timeout=60, check=False)


def test_the_embedded_world_looks_at_no_profile_no_environment_and_no_proxy(tmp_path: Path) -> None:
    with serving(lambda _: reservations(instance("i-1"))) as stub:
        done = run_apart(stub.url, tmp_path, embedded=True)
        assert (done.stdout.strip(), done.returncode) == ("1", 0), done.stderr
        assert all("Credential=embedded/" in one.headers["authorization"] for one in stub.asked)
        assert run_apart(stub.url, tmp_path, embedded=False).returncode != 0


def test_no_credentials_is_forbidden_and_says_how_to_get_some(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with serving(lambda _: reservations()) as stub, connected(stub.url, embedded=False) as aws:
        with pytest.raises(Forbidden, match=r"log in again, or name a profile in platforms\.aws\.profile"):
            aws.find(INSTANCE)
    assert stub.asked == []
