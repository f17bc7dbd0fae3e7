"""A lab to play with: `python -m tests.lab`, until Ctrl-C."""

import argparse
import sys
import time

from . import (
    INTERNET_ADDRESS,
    LAN_ADDRESS,
    NAS_ADDRESS,
    ROUTER_ADDRESS,
    Host,
    Lab,
    RouterOptions,
    missing_needs,
)


def _options() -> RouterOptions:
    """Read the router's options from the command line."""
    defaults = RouterOptions()
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    for option in (
        "upnp",
        "nat_pmp",
        "pcp",
        "secure_mode",
        "pcp_third_party",
        "announces",
        "igd_v1",
    ):
        parser.add_argument(
            f"--{option.replace('_', '-')}",
            action=argparse.BooleanOptionalAction,
            default=getattr(defaults, option),
        )
    parser.add_argument("--wan-address", default=defaults.wan_address)
    return RouterOptions(**vars(parser.parse_args()))


def _describe(lab: Lab) -> str:
    """Return what to try, with this lab's names."""
    lan = f"ip netns exec {lab.namespace(Host.LAN)}"
    wan = f"ip netns exec {lab.namespace(Host.WAN)}"
    return f"""\
  lan     {LAN_ADDRESS:<15}  {lab.namespace(Host.LAN)}
  nas     {NAS_ADDRESS:<15}  {lab.namespace(Host.NAS)}
  router  {ROUTER_ADDRESS:<15}  {lab.namespace(Host.ROUTER)}, WAN {lab.wan_address}, UPnP {lab.description_url}
  wan     {INTERNET_ADDRESS:<15}  {lab.namespace(Host.WAN)}

Try, in another terminal:
  {lan} {sys.executable} -m http.server 32400
  {lan} {sys.executable} tests/lab/clients/igd.py '' add 32400 TCP '' 32400 test 3600
  {lan} {sys.executable} tests/lab/clients/igd.py '' table
  {wan} curl http://{lab.public_address}:32400/
  ip netns exec {lab.namespace(Host.ROUTER)} nft list ruleset

Ctrl-C takes all of it down."""


def main() -> None:
    """Bring a lab up and wait."""
    options = _options()
    if missing := missing_needs():
        sys.exit(f"The lab needs {', '.join(missing)}")
    try:
        with Lab(options) as lab:
            print(_describe(lab), flush=True)
            while True:
                # A pause without end could miss a Ctrl-C just before it.
                time.sleep(0.1)
    except KeyboardInterrupt:
        print("\nThe lab is gone.")


if __name__ == "__main__":
    main()
