"""Every known quirk of routers has a test that carries its number."""

from pathlib import Path
import re

import pytest

QUIRKS = range(1, 67)
NOT_OURS = {
    28: "GetNATRSIPStatus is unreliable: it is never asked",
    38: "The name of a device (UDN) changes: routers are known by their address",
    42: "Searches by IPv4 and IPv6 at once disturb: there are none by IPv6",
}
_ID = re.compile(r"def test_\w+_quirk_(\d+)\(|id=\"quirk-(\d+)|\"quirk-(\d+)-")
PROVED = {
    int(next(filter(None, groups)))
    for module in Path(__file__).parent.glob("test_*.py")
    for groups in _ID.findall(module.read_text(encoding="utf-8"))
}


@pytest.mark.parametrize("quirk", QUIRKS)
def test_quirk_is_proved(quirk: int) -> None:
    """By a test, unless it does not concern a client like this one."""
    assert (quirk in PROVED) is not (quirk in NOT_OURS)


def test_numbers() -> None:
    """No test carries a number that is in no catalogue."""
    assert set(QUIRKS) >= PROVED
