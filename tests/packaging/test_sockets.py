"""Does nothing leave the machine while tests run."""

from __future__ import annotations

import os
import socket
import urllib.request

import pytest


@pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "2001:db8::1", "example.com"])
def test_a_connection_outside_loopback_is_refused_at_once(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as tried, pytest.raises(PermissionError, match="leave the machine"):
        tried.connect((address, 443))
    with socket.socket(family) as tried, pytest.raises(PermissionError, match="leave the machine"):
        tried.connect_ex((address, 443))


def test_libraries_are_stopped_too() -> None:
    with pytest.raises(OSError, match="leave the machine"):
        urllib.request.urlopen("http://192.0.2.1/", timeout=5)


def test_the_clients_we_ship_are_stopped_too() -> None:
    import boto3
    import requests
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    once = Config(connect_timeout=2, retries={"total_max_attempts": 1})
    aws = boto3.client("ec2", region_name="eu-west-1", endpoint_url="http://192.0.2.1", config=once)
    with pytest.raises(BotoCoreError) as raised:
        aws.describe_instances()
    assert "leave the machine" in repr(raised.value.__cause__) + repr(raised.value.kwargs)
    with pytest.raises(OSError, match="leave the machine"):
        requests.get("http://192.0.2.1:8474/proxies", timeout=2)


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()[:2]) as made:
        assert made.getpeername() == server.getsockname()


def test_no_credentials_of_the_user_are_seen() -> None:
    assert os.environ["AWS_ACCESS_KEY_ID"] == "testing"
    assert os.environ["KUBECONFIG"] == os.devnull
