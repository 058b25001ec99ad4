"""Do two URLs name the same server."""

from __future__ import annotations

import pytest

from simian_army.servers import same_server, server_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a", "https://a:443"),
        ("https://a", "https://A/"),
        ("http://a:80/", "http://a"),
        ("https://a/k8s/c1/", "https://a/k8s/c1"),
        ("https://[FD00::1]:6443", "https://[fd00::1]:6443/"),
    ],
)
def test_the_same_written_otherwise(one: str, other: str) -> None:
    assert same_server(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a", "http://a"),
        ("https://a", "https://a:6443"),
        ("https://a", "https://a.b"),
        ("https://a/k8s/c1", "https://a/k8s/c2"),
        ("https://a/k8s", "https://a/K8S"),
        ("", ""),
        ("a", "a"),
        ("https://a:port", "https://a:port"),
    ],
)
def test_another_one_and_what_is_none(one: str, other: str) -> None:
    assert not same_server(one, other)


@pytest.mark.parametrize("url", ["", "a", "ftp://a", "https://", "https://u@a", "https://a?b", "https://a#b"])
def test_what_is_no_server_says_what_to_write(url: str) -> None:
    with pytest.raises(ValueError, match="write for instance https://"):
        server_of(url)
