"""Tests of what a port mapping is."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from custom_components.plex_remote_access.portmap import PortMapError, Reason, is_public

from .common import MAPPING


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("0.0.0.0", False),
        ("9.255.255.255", True),
        ("10.0.0.1", False),
        ("11.0.0.0", True),
        ("100.63.255.255", True),
        ("100.64.0.0", False),
        ("100.127.255.255", False),
        ("100.128.0.0", True),
        ("127.0.0.1", False),
        ("169.254.1.1", False),
        ("172.15.255.255", True),
        ("172.16.0.0", False),
        ("172.31.255.255", False),
        ("172.32.0.0", True),
        ("192.168.178.1", False),
        ("192.169.0.0", True),
        ("198.51.100.7", True),
    ],
)
def test_is_public(address: str, public: bool) -> None:
    """Private addresses and those of carrier NAT are not on the Internet."""
    assert is_public(IPv4Address(address)) is public


@pytest.mark.parametrize(("good_until", "ends"), [(3600.0, True), (None, False)])
def test_mapping_ends(good_until: float | None, ends: bool) -> None:
    """Some mappings stay until they are deleted."""
    assert replace(MAPPING, good_until=good_until).ends is ends


def test_error_keeps_the_routers_words() -> None:
    """The reason is for the verdict, the detail for who helps."""
    error = PortMapError(Reason.TABLE_FULL, "UPnP error 728")

    assert (error.reason, error.detail) == (Reason.TABLE_FULL, "UPnP error 728")
    assert str(error) == "UPnP error 728"
