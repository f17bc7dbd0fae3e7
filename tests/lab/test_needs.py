"""A machine that cannot have a lab is told what it lacks."""

import os
import shutil

import pytest

from . import missing_needs


@pytest.mark.usefixtures("lab_needs")
def test_nothing_is_missing() -> None:
    """Where the other tests of the lab run, nothing is missing."""
    assert missing_needs() == []


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names each program with its package."""
    monkeypatch.setattr(shutil, "which", {"ip": "/sbin/ip"}.get)

    missing = missing_needs()

    assert "nft (Debian package nftables)" in missing
    assert "miniupnpd (Debian package miniupnpd)" in missing
    assert not any("iproute2" in need for need in missing)


def test_missing_root_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lab is nothing for other users."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert "root" in missing_needs()
