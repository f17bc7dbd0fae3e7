"""What neighbours do costs little, leads nowhere, and ends in an error of ours."""

import pytest

from .attacks import ATTACKS
from .bounds import measured


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.usefixtures("socket_enabled")
async def test_attack(name: str) -> None:
    """It is over within its bounds."""
    attack = ATTACKS[name]
    async with measured() as cost:
        cost.requests = await attack.carry_out()

    assert cost.beyond(attack.bound) == []
