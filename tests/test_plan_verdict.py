"""Tests of the plan: what is said about wish and truth."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from custom_components.plex_remote_access.plan import (
    Cause,
    Seen,
    Status,
    Wanted,
    make_plan,
)
from custom_components.plex_remote_access.plex import SignInState
from custom_components.plex_remote_access.portmap import Reason

from .plan_states import (
    FAILED,
    FRESH,
    GOOD,
    MANUAL,
    MAPPED,
    SERVER,
    UNKNOWN,
    WAITING,
    WANTED,
    said,
    seen,
)


@pytest.mark.parametrize(
    ("truth", "status", "cause"),
    [
        pytest.param(GOOD, Status.REACHABLE, None, id="reachable"),
        pytest.param(
            seen(obstacle=Reason.REFUSED),
            Status.REACHABLE,
            Reason.REFUSED,
            id="reachable-in-spite-of-an-obstacle",
        ),
        pytest.param(
            seen(settled=False),
            Status.CONNECTING,
            Cause.CHECKING,
            id="green-is-provisional",
        ),
        pytest.param(
            seen(settled=False, obstacle=Reason.PORT_TAKEN),
            Status.CONNECTING,
            Reason.PORT_TAKEN,
            id="green-is-provisional-with-an-obstacle",
        ),
        pytest.param(
            seen(settled=False, account=said(MAPPED, "unreachable")),
            Status.CONNECTING,
            Cause.CHECKING,
            id="red-is-provisional",
        ),
        pytest.param(
            seen(account=said(MAPPED, "unreachable")),
            Status.UNREACHABLE,
            Cause.PORT_CLOSED,
            id="mapped-and-unreachable",
        ),
        pytest.param(
            seen(account=said(MAPPED, "UnReachable")),
            Status.UNREACHABLE,
            Cause.PORT_CLOSED,
            id="error-in-another-case",
        ),
        pytest.param(
            seen(
                mapped=False,
                account=said(MAPPED, "unreachable"),
                obstacle=Reason.NO_ROUTER,
            ),
            Status.UNREACHABLE,
            Reason.NO_ROUTER,
            id="unreachable-because-of-an-obstacle",
        ),
        pytest.param(
            seen(account=said(MAPPED, "brandnew")),
            Status.UNREACHABLE,
            Cause.OTHER,
            id="mapped-with-an-unknown-error",
        ),
        pytest.param(
            seen(account=said(MAPPED, "jumboframes")),
            Status.UNREACHABLE,
            Cause.JUMBO_FRAMES,
            id="jumbo-frames",
        ),
        pytest.param(
            seen(account=said(MAPPED, "publisherror")),
            Status.NOT_PUBLISHED,
            Cause.PUBLISH_FAILED,
            id="publish-error",
        ),
        pytest.param(
            seen(account=said(FAILED, "publisherror")),
            Status.NOT_PUBLISHED,
            Cause.PUBLISH_FAILED,
            id="publish-error-while-failed",
        ),
        pytest.param(
            seen(account=said(MAPPED, "myplexgone")),
            Status.NOT_PUBLISHED,
            Cause.PLEX_TV_GONE,
            id="plex-tv-gone",
        ),
        pytest.param(
            seen(mapped=False, account=said(FAILED)),
            Status.NOT_MAPPED,
            Cause.SERVER_CANNOT_MAP,
            id="failed",
        ),
        pytest.param(
            seen(mapped=False, account=said(FAILED), obstacle=Reason.TABLE_FULL),
            Status.NOT_MAPPED,
            Reason.TABLE_FULL,
            id="failed-because-of-an-obstacle",
        ),
        pytest.param(
            seen(account=said(MAPPED, "doublenat")),
            Status.DOUBLE_NAT,
            Cause.DOUBLE_NAT,
            id="double-nat-as-the-server-says",
        ),
        pytest.param(
            replace(
                seen(account=said(MAPPED, "unreachable")),
                external_address=IPv4Address("192.168.0.2"),
            ),
            Status.DOUBLE_NAT,
            Cause.DOUBLE_NAT,
            id="quirk-62-private-external-address",
        ),
        pytest.param(
            seen(account=said(MAPPED, "unreachable"), obstacle=Reason.WAN_DOWN),
            Status.UNREACHABLE,
            Reason.WAN_DOWN,
            id="quirk-25-no-external-address",
        ),
        pytest.param(
            seen(account=said(FAILED), mapped=False, obstacle=Reason.CARRIER_NAT),
            Status.DOUBLE_NAT,
            Cause.CARRIER_NAT,
            id="carrier-nat-told-by-the-router",
        ),
        pytest.param(
            seen(account=said(FAILED), mapped=False, obstacle=Reason.DOUBLE_NAT),
            Status.DOUBLE_NAT,
            Cause.DOUBLE_NAT,
            id="double-nat-told-by-the-router",
        ),
        pytest.param(
            replace(
                seen(account=said(MAPPED, "unreachable")),
                external_address=IPv4Address("100.64.3.4"),
            ),
            Status.DOUBLE_NAT,
            Cause.CARRIER_NAT,
            id="quirk-26-carrier-nat",
        ),
        pytest.param(
            replace(
                seen(account=said(MAPPED, "unreachable")),
                external_address=IPv4Address("198.51.100.99"),
            ),
            Status.DOUBLE_NAT,
            Cause.CARRIER_NAT,
            id="plex-tv-sees-another-address",
        ),
        pytest.param(
            replace(GOOD, external_address=IPv4Address("100.64.3.4")),
            Status.REACHABLE,
            None,
            id="reachable-through-two-routers",
        ),
        pytest.param(
            replace(
                seen(
                    account=said(
                        MAPPED, "unreachable", public_address=None, public_port=None
                    )
                ),
            ),
            Status.UNREACHABLE,
            Cause.PORT_CLOSED,
            id="blank-addresses-are-no-double-nat",
        ),
        pytest.param(
            seen(account=said(WAITING)),
            Status.CONNECTING,
            Cause.CHECKING,
            id="waiting",
        ),
        pytest.param(
            seen(account=said(WAITING), obstacle=Reason.FAILED),
            Status.CONNECTING,
            Reason.FAILED,
            id="waiting-with-an-obstacle",
        ),
        pytest.param(seen(account=said(UNKNOWN)), Status.UNKNOWN, None, id="unknown"),
        pytest.param(
            seen(account=said(UNKNOWN), obstacle=Reason.NO_ROUTER),
            Status.UNKNOWN,
            Reason.NO_ROUTER,
            id="unknown-with-an-obstacle",
        ),
        pytest.param(
            seen(account=said(MAPPED, sign_in_state=SignInState.NONE)),
            Status.SIGNED_OUT,
            Cause.SIGNED_OUT,
            id="signed-out",
        ),
        pytest.param(
            seen(account=said(FAILED, sign_in_state=SignInState.INVALID)),
            Status.SIGNED_OUT,
            Cause.SIGNED_OUT,
            id="signed-out-by-plex-tv",
        ),
        pytest.param(
            seen(account=said(MAPPED, "badauth")),
            Status.SIGNED_OUT,
            Cause.SIGNED_OUT,
            id="token-of-the-server-refused",
        ),
        pytest.param(
            seen(account=said(MAPPED, sign_in_state=SignInState.UNKNOWN)),
            Status.REACHABLE,
            None,
            id="sign-in-state-not-known",
        ),
        pytest.param(
            seen(preferences=FRESH, mapped=False, account=said(MAPPED)),
            Status.DISABLED,
            None,
            id="disabled-whatever-the-server-says",
        ),
        pytest.param(
            seen(preferences=FRESH, mapped=False, obstacle=Reason.NO_ROUTER),
            Status.DISABLED,
            None,
            id="disabled-with-nothing-left-to-close",
        ),
        pytest.param(
            seen(
                preferences=FRESH,
                mapped=False,
                account=said(UNKNOWN, sign_in_state=SignInState.NONE),
            ),
            Status.DISABLED,
            Cause.SIGNED_OUT,
            id="disabled-and-signed-out",
        ),
        pytest.param(
            seen(preferences=FRESH, mapped=False, still_open=True),
            Status.DISABLED,
            Cause.STILL_OPEN,
            id="disabled-and-not-closed",
        ),
    ],
)
def test_verdict(truth: Seen, status: Status, cause: Cause | Reason | None) -> None:
    """Each state has its word and its reason."""
    plan = make_plan(WANTED, truth)

    assert (plan.status, plan.cause) == (status, cause)


@pytest.mark.parametrize(
    ("wanted", "cause"),
    [
        (replace(WANTED, engaged=False), Cause.NOT_OPENED),
        (WANTED, Cause.SERVER_CANNOT_MAP),
        (replace(WANTED, mode=SERVER, engaged=False), Cause.SERVER_CANNOT_MAP),
        (replace(WANTED, mode=MANUAL, engaged=False), Cause.SERVER_CANNOT_MAP),
    ],
)
def test_not_mapped_tells_who_did_not_map(wanted: Wanted, cause: Cause) -> None:
    """A port that nobody was told to open is no failure of the server."""
    plan = make_plan(wanted, seen(mapped=False, account=said(FAILED)))

    assert (plan.status, plan.cause) == (Status.NOT_MAPPED, cause)
