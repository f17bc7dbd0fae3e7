"""Tests of the plan: what is done about the difference of wish and truth."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.plex_remote_access.plan import (
    Close,
    Mend,
    Open,
    PortMapping,
    Remedy,
    Request,
    Seen,
    Step,
    Wanted,
    Write,
    adopt_mode,
    is_enabled,
    make_plan,
    propose_mode,
)
from custom_components.plex_remote_access.plex import Account, PreferenceChange
from custom_components.plex_remote_access.portmap import Reason

from .plan_states import (
    ACCOUNT,
    AUTO_PUBLISHED,
    AUTOMATIC,
    FAILED,
    FRESH,
    GOOD,
    MANUAL,
    MAPPED,
    MAPPING,
    OFF,
    ON,
    PREFERENCES,
    PUBLISH_BY_HAND,
    PUBLISH_OURS,
    PUBLISH_SERVERS,
    SERVER,
    UNKNOWN,
    UNPUBLISH,
    WANTED,
    said,
    seen,
)


@pytest.mark.parametrize(
    ("wanted", "truth", "steps"),
    [
        pytest.param(WANTED, GOOD, (), id="all-is-well"),
        pytest.param(
            replace(WANTED, request=ON),
            seen(preferences=FRESH, mapped=False),
            (Open(32400),),
            id="automatic-on-opens-before-it-publishes",
        ),
        pytest.param(
            replace(WANTED, request=ON),
            seen(preferences=FRESH),
            (PUBLISH_OURS,),
            id="automatic-on-publishes-what-is-open-in-one-write",
        ),
        pytest.param(
            replace(WANTED, request=ON),
            seen(preferences={"publish": False}),
            (PUBLISH_OURS,),
            id="automatic-on-writes-all-that-belongs-together",
        ),
        pytest.param(
            replace(WANTED, port=40000),
            replace(
                seen(preferences={"manual_port": 32400}),
                mapping=replace(MAPPING, external_port=40000),
            ),
            (
                Write(
                    PreferenceChange(publish=True, manual_mode=True, manual_port=40000)
                ),
            ),
            id="automatic-publishes-the-port-that-the-router-gave",
        ),
        pytest.param(
            replace(WANTED, port=40000),
            GOOD,
            (Close(),),
            id="automatic-closes-before-it-opens-another-port",
        ),
        pytest.param(
            WANTED, seen(mapped=False), (Open(32400),), id="automatic-heals-a-lost-port"
        ),
        pytest.param(
            WANTED,
            seen(preferences=AUTO_PUBLISHED),
            (PUBLISH_OURS,),
            id="automatic-takes-over-from-the-server",
        ),
        pytest.param(
            WANTED,
            seen(account=said(MAPPED, "unreachable"), remedy=Remedy.REBUILD),
            (Mend(Remedy.REBUILD),),
            id="automatic-mends",
        ),
        pytest.param(
            WANTED,
            seen(preferences=AUTO_PUBLISHED, remedy=Remedy.REBUILD),
            (PUBLISH_OURS,),
            id="automatic-publishes-before-it-mends",
        ),
        pytest.param(
            WANTED,
            seen(mapped=False, obstacle=Reason.NO_ROUTER),
            (),
            id="automatic-leaves-the-server-alone-while-healing",
        ),
        pytest.param(
            replace(WANTED, request=ON),
            seen(preferences=FRESH, mapped=False, obstacle=Reason.NO_ROUTER),
            (PUBLISH_SERVERS,),
            id="automatic-on-lets-the-server-try-where-we-failed",
        ),
        pytest.param(
            WANTED,
            seen(mapped=False, obstacle=Reason.REFUSED_FOR_OTHER_HOST),
            (PUBLISH_SERVERS,),
            id="automatic-leaves-it-to-the-server-where-only-it-may-map",
        ),
        pytest.param(
            WANTED,
            seen(
                preferences=AUTO_PUBLISHED,
                mapped=False,
                obstacle=Reason.REFUSED_FOR_OTHER_HOST,
            ),
            (),
            id="automatic-left-it-to-the-server",
        ),
        pytest.param(
            replace(WANTED, port=40000),
            seen(obstacle=Reason.NO_ROUTER),
            (),
            id="automatic-waits-with-another-port-for-a-silent-router",
        ),
        pytest.param(
            replace(WANTED, engaged=False),
            seen(preferences=AUTO_PUBLISHED, mapped=False),
            (),
            id="automatic-opens-nothing-that-nobody-asked-for",
        ),
        pytest.param(
            replace(WANTED, engaged=False),
            GOOD,
            (Close(),),
            id="automatic-closes-what-is-not-ours-to-open",
        ),
        pytest.param(
            replace(WANTED, request=OFF),
            GOOD,
            (UNPUBLISH, Close()),
            id="automatic-off-closes-without-waiting-for-the-server",
        ),
        pytest.param(
            WANTED,
            seen(preferences={"publish": False}),
            (Close(),),
            id="automatic-off-in-plex-closes-as-well",
        ),
        pytest.param(
            WANTED,
            seen(preferences=FRESH, mapped=False),
            (),
            id="automatic-off-stays-off",
        ),
        pytest.param(
            replace(WANTED, request=OFF),
            seen(obstacle=Reason.NO_ROUTER),
            (UNPUBLISH, Close()),
            id="automatic-off-unpublishes-while-the-router-is-silent",
        ),
        pytest.param(
            replace(WANTED, mode=SERVER, request=ON),
            seen(preferences=FRESH, mapped=False),
            (PUBLISH_SERVERS,),
            id="server-on",
        ),
        pytest.param(
            replace(WANTED, mode=SERVER, request=ON),
            GOOD,
            (Close(), PUBLISH_SERVERS),
            id="server-on-closes-what-was-ours",
        ),
        pytest.param(
            replace(WANTED, mode=SERVER), GOOD, (Close(),), id="server-needs-no-ours"
        ),
        pytest.param(
            replace(WANTED, mode=SERVER),
            seen(preferences=AUTO_PUBLISHED, mapped=False),
            (),
            id="server-is-left-alone",
        ),
        pytest.param(
            replace(WANTED, mode=SERVER, request=OFF),
            seen(preferences=AUTO_PUBLISHED, mapped=False),
            (UNPUBLISH,),
            id="server-off",
        ),
        pytest.param(
            replace(WANTED, mode=MANUAL, request=ON),
            seen(preferences=FRESH, mapped=False),
            (PUBLISH_BY_HAND,),
            id="manual-on",
        ),
        pytest.param(
            replace(WANTED, mode=MANUAL, request=ON),
            seen(mapped=False, obstacle=Reason.NO_ROUTER),
            (),
            id="manual-on-was-on",
        ),
        pytest.param(
            replace(WANTED, mode=MANUAL, request=ON),
            GOOD,
            (Close(), PUBLISH_OURS),
            id="manual-instead-of-ours-has-plex-tv-look-anew",
        ),
        pytest.param(
            replace(WANTED, mode=MANUAL, request=OFF),
            seen(mapped=False),
            (UNPUBLISH,),
            id="manual-off",
        ),
    ],
)
def test_steps(wanted: Wanted, truth: Seen, steps: tuple[Step, ...]) -> None:
    """Each difference between wish and truth has its steps."""
    assert make_plan(wanted, truth).steps == steps


@pytest.mark.parametrize(
    ("request_", "publish", "enabled"),
    [
        (ON, False, True),
        (OFF, True, False),
        (None, True, True),
        (None, False, False),
    ],
)
def test_a_fresh_wish_counts_more_than_the_server(
    request_: Request | None, publish: bool, enabled: bool
) -> None:
    """Without a wish the switch of the server is the owner's word."""
    wanted = replace(WANTED, request=request_)

    assert is_enabled(wanted, replace(PREFERENCES, publish=publish)) is enabled


@pytest.mark.parametrize(
    ("before", "now", "mode"),
    [
        (False, False, AUTOMATIC),
        (True, True, AUTOMATIC),
        (False, True, MANUAL),
        (True, False, SERVER),
    ],
)
def test_adopt_mode(before: bool, now: bool, mode: PortMapping) -> None:
    """Who ticks the box in Plex takes the port into his own hands, or the server's."""
    assert (
        adopt_mode(
            AUTOMATIC,
            replace(PREFERENCES, manual_mode=before),
            replace(PREFERENCES, manual_mode=now),
        )
        is mode
    )


@pytest.mark.parametrize(
    ("preferences", "account", "mode"),
    [
        pytest.param({"manual_mode": True}, ACCOUNT, MANUAL, id="port-set-by-hand"),
        pytest.param(
            {"publish": False, "manual_mode": True},
            said(UNKNOWN),
            MANUAL,
            id="port-set-by-hand-but-off",
        ),
        pytest.param(AUTO_PUBLISHED, ACCOUNT, SERVER, id="server-manages"),
        pytest.param(
            AUTO_PUBLISHED,
            said(MAPPED, "unreachable"),
            AUTOMATIC,
            id="server-believes-to-manage",
        ),
        pytest.param(AUTO_PUBLISHED, said(FAILED), AUTOMATIC, id="server-fails"),
        pytest.param(FRESH, said(MAPPED), AUTOMATIC, id="off"),
    ],
)
def test_propose_mode(
    preferences: dict[str, Any], account: Account, mode: PortMapping
) -> None:
    """What works is proposed to stay as it is."""
    assert propose_mode(replace(PREFERENCES, **preferences), account) is mode
