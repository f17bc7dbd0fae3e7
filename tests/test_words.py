"""Tests of how the words of routers are shown."""

import pytest

from custom_components.plex_remote_access.words import plain


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "UPnP error 606 Action not authorized",
            "UPnP error 606 Action not authorized",
        ),
        ("PCP result 2: not authorized", "PCP result 2: not authorized"),
        ("UPnP error 718 in_use!", "UPnP error 718 in use"),
        ("Port 80 leads to 192.168.1.2:80 (Box)", "Port 80 leads to … (Box)"),
        ("You are 203.0.113.7.", "You are …"),
        ("You are 203-0-113-7 or 203,0,113,7", "You are … or …"),
        ("You are 2001:db8::7", "You are …"),
        ("You are ::1", "You are …"),
        ("That was p203.dip.example.net", "That was …"),
        ("See https://example.net/x now", "See … now"),
        ("See www.example.net", "See …"),
        ("Mail me@example.net", "Mail …"),
        ("[Click](https://example.net)", "…"),
        ("[Click](here) <b>now</b> `x` **y** ~z~ {a}", "Click (here) … x y z a"),
        ("# One\n| two |\n\x00three", "One two three"),
        ("Keine Rechte für 端口", "Keine Rechte für 端口"),
        ("x" * 101, "x" * 100),
        ("1." * 100000, "…"),
        ("", None),
        ("<>", None),
    ],
)
def test_shown(said: str, shown: str | None) -> None:
    """Neither an address nor a link nor formatting is left of them."""
    assert plain(said) == shown
