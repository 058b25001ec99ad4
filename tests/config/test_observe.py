"""What ``observe`` and ``notices`` may say, and that each mistake is located and shows no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.load import Loaded, load
from simian_army.errors import ConfigError
from simian_army.model import Phase
from simian_army.wiring.vetting import vet

KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "fedcba9876543210fedcba9876543210"
HEAD = f"fleet: shop\nkey: {KEY}\nplatforms:\n  kubernetes: {{embedded: true}}\n"


def loaded(folder: Path, text: str) -> Loaded:
    file = folder / "simian.yaml"
    file.write_text(HEAD + text)
    return load(file, vet)


def mistake(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    (found,) = caught.value.mistakes
    return str(found).removeprefix(f"{folder}/")


def test_without_a_word_it_listens_on_loopback(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").settings.observe.at == ("127.0.0.1", 9105)


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ('"127.0.0.1:0"', ("127.0.0.1", 0)),
        ('"localhost:80"', ("127.0.0.1", 80)),
        ('"127.8.9.1:80"', ("127.8.9.1", 80)),
        ('"[::1]:9105"', ("::1", 9105)),
        ('""', None),
    ],
)
def test_loopback_and_nowhere_need_no_token(tmp_path: Path, said: str, at: tuple[str, int] | None) -> None:
    assert loaded(tmp_path, f"observe: {{listen: {said}}}\n").settings.observe.at == at


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.7", "[::]", "192.0.2.1"])
def test_beyond_loopback_a_token_is_needed(tmp_path: Path, host: str) -> None:
    said = mistake(tmp_path, f'observe:\n  listen: "{host}:9105"\n')
    assert said.startswith("simian.yaml:6 observe.listen: ")
    assert "give observe.token too" in said
    (tmp_path / "simian.token").write_text(TOKEN + "\n")
    text = f'observe:\n  listen: "{host}:9105"\n  token: ${{file:simian.token}}\n'
    assert loaded(tmp_path, text).settings.observe.token.get_secret_value() == TOKEN


def test_a_short_token_is_refused_without_showing_it(tmp_path: Path) -> None:
    said = mistake(tmp_path, 'observe:\n  listen: "0.0.0.0:9105"\n  token: hunter2\n')
    assert said.startswith("simian.yaml:7 observe.token: the token is shorter than 16")
    assert "hunter2" not in said


@pytest.mark.parametrize("listen", ["9105", ":9105", "here:9105", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999", "::1"])
def test_what_is_no_address_is_told(tmp_path: Path, listen: str) -> None:
    said = mistake(tmp_path, f'observe:\n  listen: "{listen}"\n')
    assert said.startswith("simian.yaml:6 observe.listen: ")
    assert "127.0.0.1:9105" in said


def test_notices_tell_of_stuck_halted_judged_and_pending_unless_config_says_more(tmp_path: Path) -> None:
    text = (
        'notices:\n  - {use: apprise, with: {urls: ["json://127.0.0.1/x"]}}\n'
        '  - {use: apprise, on: [resumed], timeout: 3s, with: {urls: ["json://127.0.0.1/x"]}}\n'
    )
    one, other = loaded(tmp_path, text).settings.notices
    assert one.on == (Phase.STUCK, Phase.HALTED, Phase.JUDGED, Phase.PENDING)
    assert (other.on, other.timeout.total_seconds()) == ((Phase.RESUMED,), 3)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{use: aprise}", "simian.yaml:6 notices[0]: there is no notifier 'aprise', did you mean apprise?"),
        ("{use: apprise}", "simian.yaml:6 notices[0].with.urls: apprise needs the parameter urls"),
        (
            "{use: apprise, with: {url: x}}",
            "simian.yaml:6 notices[0].with.url: unknown parameter of apprise, did you mean urls?",
        ),
        ("{use: apprise, with: {urls: 1}}", "simian.yaml:6 notices[0]: urls: write a list, for instance"),
        ("{use: apprise, with: {urls: {a: hunter2}}}", "simian.yaml:6 notices[0]: urls: write a list, for instance"),
        ("{use: apprise, with: {urls: [hunter2hunter2]}}", "urls[0] is no URL (what it is is not shown)"),
        (
            '{use: apprise, on: [stuk], with: {urls: ["json://h"]}}',
            "simian.yaml:6 notices[0].on[0]: must be 'requested'",
        ),
        ('{use: apprise, on: [], with: {urls: ["json://h"]}}', "simian.yaml:6 notices[0].on:"),
        ('{use: apprise, timeout: 1h, with: {urls: ["json://h"]}}', "simian.yaml:6 notices[0].timeout:"),
        ('{use: apprise, onn: [stuck], with: {urls: ["json://h"]}}', "unknown key, did you mean on?"),
    ],
)
def test_a_mistake_in_notices_is_located_and_shows_no_secret(tmp_path: Path, line: str, expected: str) -> None:
    said = mistake(tmp_path, f"notices:\n  - {line}\n")
    assert expected in said
    assert "hunter2" not in said


def test_neither_the_digest_nor_anything_shown_holds_what_is_given_to_a_notifier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'notices:\n  - {use: apprise, with: {urls: ["${env:HOOK}"]}}\n'
    monkeypatch.setenv("HOOK", "json://127.0.0.1/hunter2hunter2")
    one = loaded(tmp_path, text)
    monkeypatch.setenv("HOOK", "json://127.0.0.1/another-secret")
    assert one.digest == loaded(tmp_path, text).digest
    assert "hunter2" not in repr(one.settings) + one.settings.model_dump_json()
