"""What ``safety.look`` may say, and that each mistake is located and shows no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.load import Loaded, load
from simian_army.errors import ConfigError
from simian_army.wiring.vetting import vet

KEY = "0123456789abcdef0123456789abcdef"
HEAD = f"fleet: shop\nkey: {KEY}\nplatforms:\n  kubernetes: {{embedded: true}}\n"
MONKEYS = "monkeys: [{name: pods, use: chaos, on: kubernetes, schedule: {every: 2h}, with: {fault: pod-evict}}]\n"


def loaded(folder: Path, look: str) -> Loaded:
    file = folder / "simian.yaml"
    file.write_text(f"{HEAD}safety:\n  look:\n    - {look}\n{MONKEYS}")
    return load(file, vet)


def mistake(folder: Path, look: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, look)
    (found,) = caught.value.mistakes
    return str(found).removeprefix(f"{folder}/")


@pytest.mark.parametrize(
    "look",
    [
        "{prometheus: 'http://prometheus.shop:9090', query: 'sum(rate(errors[5m]))', max: 0.01}",
        "{prometheus: 'https://u:p@h/mimir', query: 'up{a=\"$name\"}', min: 1, max: 2, ca: ca.pem, bearer: t, timeout: 1s}",
        "{alertmanager: 'http://[::1]:9093', matchers: ['severity=\"page\"', 'a=~\"b|c\"'], silenced: true}",
        "{alertmanager: 'http://am', matchers: [a=b], inhibited: true, watchdog: alertname=Watchdog}",
        "{http: 'https://shop.example/health?token=x', status: 204, contains: ok, monkeys: [pods], held: false}",
        "{http: 'http://127.0.0.1:8080', status: [200, 204]}",
        "{node_pressure: true}",
    ],
)
def test_every_kind_of_look_loads(tmp_path: Path, look: str) -> None:
    (said,) = loaded(tmp_path, look).settings.safety.look
    assert said.kind in look


def test_the_example_of_the_documentation_loads(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "safety.md").read_text()
    example = text[text.index("## Look both ways") :].split("```yaml\n")[1].split("```")[0]
    file = tmp_path / "simian.yaml"
    file.write_text(f"{HEAD}{example}{MONKEYS}")
    assert [look.kind for look in load(file, vet).settings.safety.look] == [
        "prometheus",
        "prometheus",
        "alertmanager",
        "http",
        "node_pressure",
    ]


@pytest.mark.parametrize(
    ("look", "told"),
    [
        ("{}", "give exactly one of prometheus, alertmanager, cloudwatch, http, node_pressure, not none"),
        ("{http: 'http://a', node_pressure: true}", "not http and node_pressure"),
        ("{http: 'http://a', query: up}", ".query: query does not go with http, it is for prometheus"),
        ("{node_pressure: true, ca: x}", "it is for prometheus and alertmanager and http"),
        ("{promtheus: 'http://a'}", ".promtheus: unknown key, did you mean prometheus?"),
        ("{prometheus: 'http://a', max: 1}", "what is to be asked is missing, write query: and min: or max:"),
        ("{prometheus: 'http://a', query: up}", ".query: any answer would be well, write min: or max: beside it"),
        ("{prometheus: 'http://a', query: up, min: 2, max: 1}", ".min: nothing is at least 2 and at most 1"),
        ("{prometheus: 'http://a', query: 'up{', max: x}", ".max: "),
        ("{prometheus: 'http://a', query: 'up{a=$name}', max: 1}", ".query: $name may stand only between the quotes"),
        ("{prometheus: 'http://a', query: 'up{a=\"$pod\"}', max: 1}", ".query: $pod is nothing a target has"),
        ("{alertmanager: 'http://a'}", "which alerts count is missing"),
        ("{alertmanager: 'http://a', matchers: [page]}", ".matchers[0]: 'page' is no matcher"),
        ("{alertmanager: 'http://a', matchers: [a=b], watchdog: 'a=\"$name\"'}", ".watchdog: a watchdog is the same"),
        ("{http: 'http://a', status: 99}", ".status[0]: "),
        ("{http: 'http://a', timeout: 11s}", ".timeout: "),
        ("{http: 'http://a', timeout: 0s}", ".timeout: "),
        ("{http: 'http://a', monkeys: [pod]}", ".monkeys[0]: there is no monkey 'pod', did you mean pods?"),
        ("{cloudwatch: shop-*}", ".cloudwatch: aws is not among platforms, add platforms.aws"),
    ],
)
def test_every_mistake_is_one_located_error(tmp_path: Path, look: str, told: str) -> None:
    said = mistake(tmp_path, look)
    assert said.startswith("simian.yaml:7 safety.look[0]")
    assert told in said


@pytest.mark.parametrize(
    "url",
    [
        "prometheus/hook-4711",
        "ftp://a/hook-4711",
        "http:///hook-4711",
        "http://a b/hook-4711",
        "http://a:99999/hook-4711",
        "http://a/hook-4711#x",
        "file:///hook-4711",
        "http://[::1/hook-4711",
        "http://a/\u00e4hook-4711",
    ],
)
def test_what_is_no_url_is_a_mistake_that_does_not_show_it(tmp_path: Path, url: str) -> None:
    said = mistake(tmp_path, f'{{http: "{url}"}}')
    assert ".http: this is no URL (what it is is not shown)" in said
    assert "4711" not in said


def test_a_token_that_cannot_be_sent_is_a_mistake_that_does_not_show_it(tmp_path: Path) -> None:
    said = mistake(tmp_path, '{http: "http://a", bearer: "open\\nsesame"}')
    assert ".bearer: a token has no spaces" in said
    assert "sesame" not in said


def test_no_secret_is_shown_or_digested_and_a_changed_host_is_another_config(tmp_path: Path) -> None:
    def digest(url: str) -> str:
        made = loaded(tmp_path, f"{{http: '{url}', bearer: open-sesame}}")
        assert "sesame" not in repr(made.settings.safety) and "hook-" not in repr(made.settings.safety)
        return made.digest

    assert digest("http://u:one@a/hook-1") == digest("http://u:two@a/hook-2")
    assert digest("http://a/hook-1") != digest("http://b/hook-1")
