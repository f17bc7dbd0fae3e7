"""What goes wrong with the router, and with the way to it."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Final

from tests.lab import WAN_ADDRESS, Host, MappingRefusedError, Protocol

from .fault import Fault, at_once, lasting
from .home import Home

# Home Assistant tells nobody of the first advertisement of a router that it only knows
# from a search. So one that speaks UPnP alone and restarts soon after Home Assistant is
# noticed by the check, which comes every 55 s.
_RESTART: Final = 60
# Long enough for a check by UDP, which comes once a minute, and what follows from it.
_NEXT_CHECK: Final = 90


def _restart_with_empty_table(home: Home) -> None:
    home.foreign = []
    home.world.lab.restart_router(clean=home.random.random() < 0.5)
    home.settle_neighbours()


def _restart_with_table(home: Home) -> None:
    home.world.lab.restart_router(clear=False)


def _wipe(home: Home) -> None:
    """Forget everything; only the neighbours notice by themselves."""
    home.foreign = []
    home.world.lab.wipe_table()
    home.settle_neighbours()


def _drop_mapping(home: Home) -> None:
    """Forget our mapping before its lease is over."""
    lab = home.world.lab
    for forward in home.forwards():
        with suppress(MappingRefusedError):
            lab.witness.delete(forward.external_port, forward.protocol)


def _steal(home: Home) -> None:
    """Let a neighbour have our port while the router has no table."""
    ports = [forward.external_port for forward in home.forwards()] or [32400]
    home.foreign = []
    lab = home.world.lab
    lab.restart_router()
    # Ours may be the first to be there again.
    with suppress(MappingRefusedError):
        lab.add_foreign_rule(ports[0], Protocol.TCP, internal_port=9999, lease=86400)
    home.settle_neighbours()


def _give_back(home: Home) -> None:
    """Let the neighbour have no port of ours any more."""
    lab = home.world.lab
    witness = lab.witness_in(Host.NAS)
    for forward in home.foreign:
        if forward.target_port == 9999:
            witness.delete(forward.external_port, forward.protocol)
    home.note_foreign()


def _change_address(home: Home) -> None:
    address = f"192.0.1.{home.random.randint(2, 250)}"
    home.world.lab.set_wan_address(address)


@contextmanager
def _private_address(home: Home) -> Generator[None]:
    lab = home.world.lab
    lab.set_wan_address(home.random.choice(("100.64.3.4", "192.168.2.7")))
    try:
        yield
    finally:
        lab.set_wan_address(WAN_ADDRESS)


@contextmanager
def _refusing(home: Home) -> Generator[None]:
    lab = home.world.lab
    lab.reconfigure_router(replace(lab.options, refuses=True))
    try:
        yield
    finally:
        lab.reconfigure_router(replace(lab.options, refuses=False))


@contextmanager
def _answering_500(home: Home) -> Generator[None]:
    lab = home.world.lab
    errors = lab.answer_with_errors()
    try:
        yield
    finally:
        lab.answer_again(errors)


@contextmanager
def _delaying(home: Home) -> Generator[None]:
    lab = home.world.lab
    delaying = lab.delay_packets(100, 600)
    try:
        yield
    finally:
        lab.delay_no_packets(delaying)


FAULTS: Final = (
    Fault(
        name="router restarts with an empty table",
        strike=at_once(_restart_with_empty_table),
        settle=_RESTART,
        weight=8,
    ),
    Fault(
        name="router restarts and remembers",
        strike=at_once(_restart_with_table),
        settle=30,
    ),
    Fault(
        name="router forgets its table in silence",
        strike=at_once(_wipe),
        settle=240,
        weight=1,
    ),
    Fault(
        name="router drops the mapping before its time",
        strike=at_once(_drop_mapping),
        settle=_NEXT_CHECK,
        weight=1,
    ),
    Fault(name="another public address", strike=at_once(_change_address), settle=40),
    Fault(
        name="provider is gone",
        strike=lasting(
            lambda home: home.world.lab.wan_down(),
            # Another address may have come meanwhile.
            lambda home: home.world.lab.set_wan_address(home.world.lab.wan_address),
        ),
        hold=4,
        settle=60,
    ),
    Fault(
        name="private WAN address",
        strike=_private_address,
        hold=4,
        settle=_NEXT_CHECK,
        weight=2,
    ),
    Fault(
        name="packets are lost",
        strike=lasting(
            lambda home: home.world.lab.lose_packets(30),
            lambda home: home.world.lab.lose_packets(0),
        ),
        hold=5,
        settle=60,
    ),
    Fault(name="packets come late", strike=_delaying, hold=5, settle=60),
    Fault(
        name="neighbour takes the port",
        strike=at_once(_steal),
        settle=_RESTART,
        alone=True,
    ),
    Fault(
        name="neighbour gives the port back",
        strike=at_once(_give_back),
        settle=30,
        weight=2,
    ),
    Fault(
        name="router refuses", strike=_refusing, hold=4, settle=_NEXT_CHECK, alone=True
    ),
    Fault(name="router answers 500", strike=_answering_500, hold=5, settle=60),
    Fault(
        name="router hangs",
        strike=lasting(
            lambda home: home.world.lab.freeze_router(),
            lambda home: home.world.lab.thaw_router(),
        ),
        hold=5,
        settle=60,
        alone=True,
    ),
)
