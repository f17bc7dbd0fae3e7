"""What neighbours do costs little, leads nowhere, and ends in an error of ours."""

import pytest
from pytest_socket import socket_allow_hosts

from .attacks import ATTACKS
from .bounds import measured


@pytest.fixture
def loopback(socket_enabled: None) -> None:
    """Let attackers have addresses of their own on this machine."""
    socket_allow_hosts(["127.0.0.0/8"])


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.usefixtures("loopback")
async def test_attack(name: str) -> None:
    """It is over within its bounds."""
    attack = ATTACKS[name]
    async with measured() as cost:
        cost.requests = await attack.carry_out()

    assert cost.beyond(attack.bound) == []
