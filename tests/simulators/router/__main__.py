"""Run the router simulator: `python -m tests.simulators.router --help`."""

import argparse
import asyncio
import signal

from .router import Router


def _arguments() -> argparse.Namespace:
    """Read the command line; option names are those of the Router."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulators.router")
    parser.add_argument("--host", default="127.0.0.1", help="LAN address")
    parser.add_argument("--wan-host", default="127.0.0.1", help="public side")
    parser.add_argument("--wan-address", default="198.51.100.7", help="reported")
    parser.add_argument("--natpmp-port", type=int, default=5351)
    parser.add_argument("--ssdp-port", type=int, default=1900)
    parser.add_argument("--http-port", type=int, default=0)
    parser.add_argument("--igd-version", type=int, choices=(1, 2), default=2)
    parser.add_argument("--ppp", action="store_true", help="WANPPPConnection")
    parser.add_argument(
        "--no-nat-pmp", dest="nat_pmp", action="store_false", help="no NAT-PMP"
    )
    parser.add_argument("--no-pcp", dest="pcp", action="store_false", help="no PCP")
    parser.add_argument("--no-upnp", dest="upnp", action="store_false", help="no UPnP")
    parser.add_argument(
        "--insecure",
        dest="secure_mode",
        action="store_false",
        help="let hosts map for each other",
    )
    parser.add_argument("--multicast", action="store_true", help="join the SSDP group")
    parser.add_argument("--real-ports", action="store_true", help="open the real port")
    parser.add_argument("--control", action="store_true", help="serve /__control__")
    return parser.parse_args()


async def _run(router: Router) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with router:
        print(
            f"Router {router.wan_address} on {router.host}: "
            f"NAT-PMP/PCP {router.natpmp_port}, SSDP {router.ssdp_port}, "
            f"{router.description_url}",
            flush=True,
        )
        await stop.wait()


asyncio.run(_run(Router(**vars(_arguments()))))
