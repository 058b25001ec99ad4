"""Does the built-in notifier send what it should to each URL once, and tell nothing of the URLs."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from simian_army.errors import PlatformError
from simian_army.notice import Checked, Notice
from simian_army.notices.urls import ByUrl
from simian_army.plugins import pick
from tests.notices.receiver import Receiver, receiver

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
NOTICE = Notice("a title", "first line\nsecond <b>line</b> *x*", "error", {"fleet": "shop-eu"})
SECRET = "very-secret-token"


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def test_it_is_an_entry_point_like_any_other() -> None:
    assert pick("notifier", "apprise").make is ByUrl


def test_title_text_and_severity_arrive_as_they_are(hook: Receiver) -> None:
    ByUrl([hook.url()]).send(NOTICE)
    (got,) = hook.got
    assert (got["title"], got["message"], got["type"]) == (NOTICE.title, NOTICE.body, "failure")


def test_as_html_it_is_escaped(hook: Receiver) -> None:
    ByUrl([hook.url(format="html")]).send(NOTICE)
    assert "<b>" not in hook.got[0]["message"]
    assert "&lt;b&gt;" in hook.got[0]["message"]


def test_an_answer_that_is_an_error_is_one_and_says_nothing_of_the_url(
    hook: Receiver, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    hook.answers = [500]
    notifier = ByUrl([hook.url(SECRET)])
    with caplog.at_level(logging.WARNING), pytest.raises(PlatformError, match=r"not taken by urls\[0\]") as caught:
        notifier.send(NOTICE)
    shown = capfd.readouterr()
    assert not caplog.records, "the library says nothing of its own"
    assert SECRET not in f"{caught.value!r} {notifier!r} {shown.out} {shown.err}"


def test_the_same_notice_again_goes_only_to_those_that_did_not_take_it(hook: Receiver) -> None:
    notifier = ByUrl([hook.url("one"), hook.url("two")])
    hook.answers = [200, 503]
    with pytest.raises(PlatformError, match=r"urls\[1\]"):
        notifier.send(NOTICE)
    notifier.send(NOTICE)
    assert hook.paths == ["/one", "/two", "/two"]
    notifier.send(Notice("another", "b", "info", {}))
    assert hook.paths[3:] == ["/one", "/two"]


def test_a_redirect_is_not_followed(hook: Receiver) -> None:
    hook.answers = [302]
    with pytest.raises(PlatformError):
        ByUrl([hook.url()]).send(NOTICE)
    assert hook.paths == ["/hook"]


def test_nobody_there_is_an_error() -> None:
    with pytest.raises(PlatformError):
        ByUrl(["json://127.0.0.1:1/?cto=1"]).send(NOTICE)


@pytest.mark.parametrize("urls", [[], "json://127.0.0.1", [7], ["no url"], [f"{SECRET} with a space"], [None]])
def test_what_is_no_list_of_urls_is_refused_without_showing_it(urls: list[str]) -> None:
    with pytest.raises(ValueError, match="urls") as caught:
        ByUrl(urls)
    assert SECRET not in str(caught.value)


def test_a_url_that_names_no_service_is_found_when_it_is_asked(hook: Receiver) -> None:
    notifier = ByUrl([hook.url(), f"nosuchservice://{SECRET}", "slack://too-short"])
    assert isinstance(notifier, Checked)
    wrong = notifier.wrong()
    assert [key for key, _, _ in wrong] == ["urls[1]", "urls[2]"]
    assert SECRET not in str(wrong)
    assert not hook.got, "asking sends nothing"
