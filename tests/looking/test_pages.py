"""Whatever a health page does, it is well only after one whole, small answer in time, from the host that config names."""

from __future__ import annotations

import os
import resource
import shutil
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from simian_army.errors import PlatformError
from simian_army.looking.pages import Page as View
from simian_army.sights import Question
from tests.cluster.policy import needs
from tests.cluster.waiting import BUSY
from tests.looking import pages
from tests.looking.asking import CLOCK, pod, see, server
from tests.looking.pages import Page, Say, answer, page, raw

SHORT = 0.5  # seconds for a page that never answers in time


def view(at: Page, statuses: Sequence[int] = (200,), contains: str = "", timeout: float = 10.0) -> View:
    return View(server(at.url(), timeout=timeout), tuple(statuses), contains)


def test_a_page_that_answers_as_it_should_is_well() -> None:
    with page(answer(200, b"all is well")) as at:
        seen = see(view(at, contains="is well"))
    assert seen.fine
    assert seen.words == f"health page 127.0.0.1:{at.port}: it answers 200"
    assert at.said[0].startswith(b"GET /health HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{at.port}\r\n".encode() in at.said[0]


@pytest.mark.parametrize(
    ("say", "told"),
    [
        (answer(500), "it answers 500; 200 is asked for"),
        (answer(204), "it answers 204; 200 is asked for"),
        (answer(200, b"degraded"), "its answer 200 does not contain 'is well'"),
        (pages.hang, "no answer within 0.5 s"),
        (pages.drip, "no answer within 0.5 s"),
        (pages.reset, "no whole answer"),
        (raw(b""), "no whole answer"),
        (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "no whole answer"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nall is well"), "no whole answer"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nall is well\r\n"), "no whole answer"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\nall is well"), "no whole answer"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\nall is well"), "no whole answer"),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000 + b"\r\nall is well"), "no whole answer"),
        (answer(302, b"", "Location: http://elsewhere.example:81/x?token=s"), "it redirects to elsewhere.example:81,"),
        (answer(301, b"", "Location: /here"), "which is not followed: write the URL it leads to"),
    ],
)
def test_whatever_else_it_does_is_a_no_in_time_and_in_words(say: Say, told: str) -> None:
    with page(say) as at:
        begun = CLOCK.monotonic()
        seen = see(view(at, contains="is well", timeout=SHORT if "within" in told else 10.0))
        took = CLOCK.monotonic() - begun
    assert not seen.fine
    assert told in seen.words
    assert seen.words.startswith(f"health page 127.0.0.1:{at.port}: ")
    assert took < 1.0 + BUSY
    assert len(at.said) == 1  # neither asked again nor followed


@pytest.mark.parametrize("say", [pages.hang, pages.drip])
def test_a_look_itself_ends_in_time_and_leaves_no_thread_behind(say: Say) -> None:
    with page(say) as at:
        question = view(at, timeout=SHORT).about(pod())
        assert isinstance(question, Question)
        begun = CLOCK.monotonic()
        with pytest.raises(PlatformError, match=r"^no answer within 0\.5 s$"):
            question.ask()
        assert CLOCK.monotonic() - begun < 1.0 + BUSY


def test_a_gigabyte_is_a_no_and_is_not_kept() -> None:
    with page(pages.flood) as at:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seen = see(view(at, timeout=10))
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert not seen.fine
    assert "larger than 1 MiB" in seen.words
    assert grown < 20_000  # KiB


def test_a_port_where_nobody_listens_is_a_no() -> None:
    with page(answer()) as at:
        pass
    seen = see(view(at))
    assert not seen.fine and seen.doubt
    assert "Connection refused" in seen.words


def test_another_status_is_well_if_config_says_so() -> None:
    with page(answer(204, b"")) as at:
        assert see(view(at, (200, 204))).fine


def test_user_and_password_of_the_url_are_sent_and_never_shown() -> None:
    with page(answer(401, b"no: ann:open-sesame")) as at:
        seen = see(View(server(at.url("/health/hook-4711", "ann:open%2Dsesame@"))))
    assert b"Authorization: Basic YW5uOm9wZW4tc2VzYW1l" in at.said[0]  # ann:open-sesame
    assert "sesame" not in seen.words and "4711" not in seen.words


def test_what_a_server_says_back_is_shown_without_the_token() -> None:
    at = server("http://127.0.0.1:1", bearer="open-sesame")
    assert at.said("you sent\r\nBearer open-sesame\x1b[2J") == "you sent Bearer *** [2J"
    assert "sesame" not in repr(at)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1, signed by itself, with its key in one file."""
    if shutil.which("openssl") is None:
        needs("openssl: apt-get install openssl")
    folder = tmp_path_factory.mktemp("tls")
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    extra = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*words, *extra, *files], check=True, capture_output=True, env={**os.environ}, timeout=30)
    (folder / "both.pem").write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return folder / "both.pem"


def test_tls_is_verified_and_an_authority_of_config_is_trusted(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with page(answer(), context) as at:
        stranger = see(View(server(at.url())))
        known = see(View(server(at.url(), ca=str(certificate))))
        elsewhere = see(View(server(at.url().replace("127.0.0.1", "localhost"), ca=str(certificate))))
        absent = see(View(server(at.url(), ca=str(certificate) + "x")))
    assert known.fine, known
    assert not stranger.fine and "its certificate is not trusted" in stranger.words
    assert not elsewhere.fine and "its certificate is not trusted" in elsewhere.words
    assert not absent.fine and "(ca) cannot be read: No such file" in absent.words
