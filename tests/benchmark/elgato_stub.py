"""A stand-in for the library of the core integration `elgato`; answers at once."""

from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock


def make_stub() -> ModuleType:
    """Return the module."""
    stub = ModuleType("elgato")
    for name in ("ElgatoError", "ElgatoConnectionError", "ElgatoFirmwareError"):
        setattr(stub, name, type(name, (Exception,), {}))
    for name in (
        *("BatteryInfo", "FirmwareImage", "FirmwareVersion", "Info"),
        *("PowerOnBehavior", "PowerSource", "Settings", "State"),
    ):
        setattr(stub, name, MagicMock())
    stub.__dict__["Elgato"] = _client
    stub.__dict__["FirmwareCatalog"] = MagicMock(
        return_value=MagicMock(versions=AsyncMock(return_value={}))
    )
    return stub


def _client(host: str, **_: Any) -> MagicMock:
    info = SimpleNamespace(
        display_name=host,
        features=[],
        firmware_build_number=218,
        firmware_version="1.0.3",
        hardware_board_type=53,
        mac_address=None,
        product_name="Elgato Key Light",
        serial_number=host,
        wifi=None,
    )
    settings = SimpleNamespace(
        battery=None,
        color_change_duration=100,
        power_on_behavior=1,
        power_on_brightness=20,
        power_on_hue=None,
        power_on_saturation=None,
        power_on_temperature=213,
        switch_off_duration=300,
        switch_on_duration=100,
    )
    state = SimpleNamespace(
        brightness=21, hue=None, on=True, saturation=None, temperature=297
    )
    return MagicMock(
        battery=AsyncMock(return_value=None),
        has_battery=AsyncMock(return_value=False),
        info=AsyncMock(return_value=info),
        settings=AsyncMock(return_value=settings),
        state=AsyncMock(return_value=state),
    )
