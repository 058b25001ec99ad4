"""The config: what is right loads, and each mistake is located."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from config.load import Loaded, load
from simian_army.cli.start import TEMPLATE
from simian_army.errors import ConfigError
from simian_army.wiring.vetting import vet

KEY = "0123456789abcdef0123456789abcdef"
GOOD = f"""\
fleet: shop-eu
leashed: false
timezone: Europe/Berlin
ledger: sqlite:///simian.db
key: {KEY}
platforms:
  kubernetes: {{context: shop-eu, cluster_uid: 5f1c, namespaces: [shop-*]}}
  aws: {{regions: [eu-west-1], accounts: ["123456789012"]}}
  toxiproxy: {{endpoints: ["http://127.0.0.1:8474"], opt_in: [shop-*]}}
safety:
  blackouts: [{{weekdays: [sat, sun]}}, {{daily: "17:00-09:00"}}, {{dates: "2026-12-20..2027-01-06"}}]
  budget: {{concurrent: 3, per_day: 20, per_group: 1, max_percent: 34, cooldown: 1h}}
  min_age: 0s
  protected: [kube-system, kube-public, kube-node-lease]
  allow_irreversible: []
monkeys:
  - {{name: pods, use: chaos, on: kubernetes, schedule: {{every: 2h}}, with: {{fault: pod-evict, mode: {{fixed: 1}}}}}}
  - {{name: late, use: chaos, on: aws, select: {{labels: "app=shop"}}, schedule: {{mtbf: 2d, between: "09:00-16:00",
     jitter: 5m}}, hold: 10m, with: {{fault: instance-stop}}}}
  - {{name: rules, use: conformity, on: kubernetes, schedule: {{cron: "0 8 * * mon-fri"}}}}
"""


def loaded(folder: Path, text: str) -> Loaded:
    file = folder / "simian.yaml"
    file.write_text(text)
    return load(file, vet)


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    return [str(mistake).removeprefix(f"{folder}/") for mistake in caught.value.mistakes]


def test_the_example_loads(tmp_path: Path) -> None:
    settings = loaded(tmp_path, GOOD).settings
    assert [monkey.name for monkey in settings.monkeys] == ["pods", "late", "rules"]
    assert settings.monkeys[1].hold.total_seconds() == 600
    assert settings.safety.budget.cooldown == timedelta(hours=1)


def test_what_init_writes_loads(tmp_path: Path) -> None:
    (tmp_path / "simian.key").write_text(KEY)
    settings = loaded(tmp_path, TEMPLATE).settings
    assert settings.leashed
    assert settings.key.get_secret_value() == KEY


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("leashed: false", "leeshed: false", "simian.yaml:2 leeshed: unknown key, did you mean leashed?"),
        (
            "with: {fault: pod-evict, mode",
            "with: {fualt: pod-evict, mode",
            "simian.yaml:17 monkeys[0].with.fualt: unknown parameter of chaos, did you mean fault?",
        ),
        (
            "with: {fault: pod-evict",
            "with: {fault: pod-evikt",
            "simian.yaml:17 monkeys[0].with.fault: there is no fault 'pod-evikt', did you mean pod-evict?",
        ),
        (
            "use: chaos, on: kubernetes, schedule: {every",
            "use: chaso, on: kubernetes, schedule: {every",
            "simian.yaml:17 monkeys[0]: there is no monkey 'chaso', did you mean chaos?",
        ),
        (
            "[sat, sun]",
            "[sat, sunday]",
            "simian.yaml:11 safety.blackouts[0].weekdays: 'sunday' is no weekday (mon tue wed thu fri sat sun), did you mean sun?",
        ),
        ("every: 2h", "every: 2 hours", "'2 hours' is no duration"),
        ("Europe/Berlin", "Europe/Berlyn", "no IANA time zone"),
        ("mon-fri", "1-5", "weekdays by number mean different days"),
        ("17:00-09:00", "17-09", "no daily window"),
        ('"17:00-09:00"', "1700", '1700 is no window: write it in quotes, for instance "22:00-06:00"'),
        ('"17:00-09:00"', "[17, 9]", "[17, 9] is no window: write it in quotes"),
        ("fleet: shop-eu", "fleet: Shop EU", "simian.yaml:1 fleet:"),
        ("context: shop-eu, ", "", "where it strikes is never implicit"),
        ("min_age: 0s", "min_age: 0s\n  min_age: 1s", "the key stands there twice"),
        ("name: late", "name: pods", "two monkeys are named pods"),
        ("mode: {fixed: 1}", "mode: {fixd: 1}", "fixed"),
        ("context: shop-eu, ", "embedded: true, ", "platforms: embedded and real platforms do not mix"),
        (
            "context: shop-eu, ",
            "context: shop-eu, server: shop-eu, ",
            "simian.yaml:7 platforms.kubernetes.server: 'shop-eu' is no server: write for instance https://",
        ),
        ("[eu-west-1]", "[europe]", "simian.yaml:8 platforms.aws.regions: 'europe' is no AWS region"),
        ("regions: [eu-west-1], ", "", "simian.yaml:8 platforms.aws: name the regions"),
        ('["123456789012"]', "[123456789012]", "write its 12 digits in quotes"),
        ('["123456789012"]', '["1234"]', "'1234' is no AWS account"),
        ('["123456789012"]', '["123456789012", "210987654321"]', "several accounts need a role to assume in each"),
        ("accounts:", "role: simian, accounts:", "'simian' is no role: write arn:aws:iam::{account}:role/NAME"),
        (
            "accounts:",
            "scheduler_role: simian, accounts:",
            "simian.yaml:8 platforms.aws.scheduler_role: 'simian' is no role: write arn:aws:iam::{account}:role/NAME",
        ),
        (
            "accounts:",
            'scheduler_role: "arn:aws:iam::210987654321:role/starter", accounts:',
            "platforms.aws.scheduler_role: this role is of 210987654321, and accounts has 123456789012",
        ),
        ("127.0.0.1:8474", "127.0.0.1:8474/proxies", "is no server: write scheme, host and port only"),
        ('endpoints: ["http://127.0.0.1:8474"], ', "", "platforms.toxiproxy: name the endpoints"),
        (
            "fault: instance-stop",
            "fault: node-cordon",
            "monkeys[1].with.fault: node-cordon strikes kubernetes, this monkey is on aws, there are: asg-suspend",
        ),
        (
            '{labels: "app=shop"}',
            "{namespaces: [shop]}",
            "monkeys[1].select.namespaces: namespaces are for kubernetes, on aws write regions",
        ),
        (
            "use: conformity, on: kubernetes",
            "use: latency, on: toxiproxy, select: {labels: app=a}",
            "monkeys[2].select.labels: proxies have no labels, select them by names",
        ),
        (
            '  toxiproxy: {endpoints: ["http://127.0.0.1:8474"], opt_in: [shop-*]}\n',
            "",
            "monkeys[2].on: toxiproxy is not among platforms, add platforms.toxiproxy",
        ),
    ],
)
def test_a_mistake_is_located_and_has_its_fix(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    if "toxiproxy is not among" in expected:
        text = text.replace("use: conformity, on: kubernetes", "use: latency, on: toxiproxy")
    found = mistakes(tmp_path, text)
    assert any(expected in line for line in found), found


def test_all_mistakes_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = (
        GOOD.replace("leashed: false", "leeshed: false")
        .replace("per_day", "perday")
        .replace("every: 2h", "every: soon")
    )
    found = mistakes(tmp_path, text)
    assert [line.split(" ")[0] for line in found] == ["simian.yaml:2", "simian.yaml:12", "simian.yaml:17"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "empty"),
        ("- 1", "keys and values"),
        ("a: [", "not readable as YAML"),
        ("a: 1\n---\nb: 2", "not readable as YAML"),
        ("a: &x 1\nb: *x", "aliases"),
        ("a: !!python/object/apply:os.system [ls]", "simian.yaml"),
        ("a: " + "x" * (1 << 20), "larger than 1024 KiB"),
    ],
)
def test_a_file_that_is_no_config_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    assert any(expected in line for line in mistakes(tmp_path, text))


def test_a_missing_file_names_the_way_to_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="simian init"):
        load(tmp_path / "simian.yaml")


def test_secrets_come_from_files_and_the_environment_and_are_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fleet.key").write_text(KEY + "\n")
    monkeypatch.setenv("SIMIAN_TEST_LEDGER", "sqlite:///secret-name.db")
    text = GOOD.replace(f"key: {KEY}", "key: ${file:fleet.key}").replace(
        "sqlite:///simian.db", "${env:SIMIAN_TEST_LEDGER}"
    )
    found = loaded(tmp_path, text)
    assert found.settings.key.get_secret_value() == KEY
    assert found.settings.ledger.get_secret_value() == "sqlite:///secret-name.db"
    assert KEY not in repr(found) and "secret-name" not in repr(found)
    assert mistakes(tmp_path, text.replace("fleet.key", "nowhere"))[0].startswith("simian.yaml:5 key: ${file:nowhere}")


def test_yaml_does_not_turn_words_into_something_else(tmp_path: Path) -> None:
    text = GOOD.replace("namespaces: [shop-*]", "namespaces: [on, no, '1']")
    said = loaded(tmp_path, text).settings.platforms.kubernetes
    assert said is not None
    assert said.namespaces == ("on", "no", "1")


def test_the_digest_changes_with_what_is_said_and_not_with_the_key(tmp_path: Path) -> None:
    first = loaded(tmp_path, GOOD).digest
    assert loaded(tmp_path, GOOD.replace(KEY, KEY[::-1])).digest == first
    assert loaded(tmp_path, GOOD.replace("per_day: 20", "per_day: 21")).digest != first
