"""The lab: hosts, a router and an Internet."""

from collections.abc import Mapping
from pathlib import Path
import subprocess
import sys
from types import TracebackType
from typing import Self

from . import firewall, probe, signals, topology
from .firewall import PortForward, Protocol
from .namespaces import PATIENCE, Namespaces
from .options import RouterOptions
from .probe import CLIENTS, Connection, HttpResponse
from .process import LabProcess
from .router import Router
from .runtime import RuntimeFolder
from .topology import ROUTER_ADDRESS, WAN_ADDRESS, Host
from .witness import Witness


class Lab:
    """Network namespaces with a real router between LAN and Internet.

    All methods block for some ten milliseconds, those with a timeout for longer.
    """

    def __init__(
        self, options: RouterOptions | None = None, *, logs: Path | None = None
    ) -> None:
        """Describe the lab; logs are kept only when a folder for them is given."""
        self.options = options or RouterOptions()
        self.wan_address = self.options.wan_address
        self._logs = logs

    def __enter__(self) -> Self:
        """Bring the lab up."""
        self._folder = RuntimeFolder()
        logs = self._logs or self._folder.path
        self._namespaces = Namespaces(self._folder.name, logs)
        signals.register(self._close)
        try:
            self._bring_up()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take the lab down, with all that was started in it."""
        self._close()

    def _bring_up(self) -> None:
        """Make the hosts and start the router."""
        self._namespaces.create(Host)
        topology.wire(self._namespaces)
        firewall.set_up(self._namespaces, self.options)
        topology.connect_wan(self._namespaces, self.wan_address)
        self._router = Router(self._namespaces, self.options, self._folder.path)
        self._router.start()
        self.witness = self.witness_in(Host.LAN)

    def _close(self) -> None:
        """Take the lab down."""
        self._namespaces.destroy()
        signals.forget(self._close)
        self._folder.remove()

    # Programs

    def namespace(self, host: Host) -> str:
        """Return the name to give to `ip netns exec`."""
        return self._namespaces.name(host)

    def run(
        self,
        host: Host,
        *command: str | Path,
        stdin: str = "",
        timeout: float = PATIENCE,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in a host until it ends."""
        return self._namespaces.run(
            host, *command, stdin=stdin, timeout=timeout, check=check
        )

    def start(
        self,
        host: Host,
        *command: str | Path,
        log: str | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> LabProcess:
        """Start a program in a host; it is ended with the lab at the latest."""
        return self._namespaces.start(host, *command, log=log, env=env, cwd=cwd)

    def listen(self, host: Host, group: str, port: int) -> LabProcess:
        """Write down what is sent to a multicast group: hexadecimal, line by line."""
        process = self.start(
            host,
            sys.executable,
            "-IS",
            CLIENTS / "listen_multicast.py",
            group,
            str(port),
            topology.LAN_ADDRESSES[host],
        )
        process.wait_output("listening\n")
        return process

    # The router

    @property
    def description_url(self) -> str:
        """Return where the router's UPnP description is, if its port is fixed."""
        port = self.options.http_port
        return f"http://{ROUTER_ADDRESS}:{port}/rootDesc.xml" if port else ""

    @property
    def public_address(self) -> str:
        """Return the address that the Internet sees; maybe not the router's."""
        if topology.is_behind_carrier(self.wan_address):
            return WAN_ADDRESS
        return self.wan_address

    def port_forwards(self) -> list[PortForward]:
        """Return what the router's kernel forwards, whatever its daemon says."""
        return firewall.read_port_forwards(self._namespaces)

    def start_router(self) -> None:
        """Start the daemon again."""
        self._router.start()

    def stop_router(self, *, clean: bool = False) -> None:
        """End the daemon: by a pulled plug, or with a goodbye to the LAN."""
        self._router.stop(clean=clean)

    def restart_router(self, *, clear: bool = True, clean: bool = False) -> None:
        """Start the daemon anew, as a router that forgot its table or kept it."""
        self.stop_router(clean=clean)
        if clear:
            self._router.wipe()
        self.start_router()

    def reconfigure_router(self, options: RouterOptions) -> None:
        """Start the daemon with other options; what stands is kept."""
        self.options = options
        self.stop_router()
        self._router.reconfigure(options)
        self.start_router()

    def freeze_router(self) -> None:
        """Have the daemon hang; what it has mapped is still forwarded."""
        self._router.freeze()

    def thaw_router(self) -> None:
        """Have the daemon go on where it hung."""
        self._router.thaw()

    def lose_packets(self, percent: int) -> None:
        """Lose so many of the packets between router and LAN, 0 for none."""
        firewall.lose_packets(self._namespaces, percent)

    def delay_packets(self, least: int, most: int) -> LabProcess:
        """Delay all packets from and to the LAN host, by some milliseconds each way.

        They overtake each other. Until this is ended again by `delay_no_packets`.
        """
        topology.cut_cable(self._namespaces)
        process = self.start(
            Host.ROUTER,
            sys.executable,
            "-IS",
            CLIENTS / "delay_packets.py",
            *topology.GAP,
            str(least),
            str(most),
        )
        process.wait_output("delaying\n")
        return process

    def delay_no_packets(self, delaying: LabProcess) -> None:
        """Let packets come as fast as before."""
        topology.mend_cable(self._namespaces)
        delaying.stop()

    def answer_with_errors(self) -> LabProcess:
        """Have the router's HTTP port answer 500, until this is ended again."""
        process = self.start(
            Host.ROUTER, sys.executable, "-IS", CLIENTS / "refuse_http.py", "5999"
        )
        process.wait_bound(("tcp", 5999))
        firewall.redirect(self._namespaces, self.options.http_port, 5999)
        return process

    def answer_again(self, errors: LabProcess) -> None:
        """Have the router's HTTP port answer as before."""
        firewall.redirect(self._namespaces, self.options.http_port, None)
        errors.stop()

    def wipe_table(self) -> None:
        """Empty the router's table behind the daemon's back.

        It goes on to list its mappings, and answers a repeated AddPortMapping with
        success, though nothing is forwarded: it reads the kernel's rules again only
        after a change. A deletion, or a renewal by NAT-PMP or PCP, is one.
        """
        if self.options.upnp:
            self.witness.table()
        self._router.wipe()

    def set_wan_address(self, address: str) -> None:
        """Let the provider give the router another address."""
        self.wan_down()
        self.wan_address = address
        self.wan_up()

    def wan_down(self) -> None:
        """Let the provider be gone."""
        topology.disconnect_wan(self._namespaces)

    def wan_up(self) -> None:
        """Let the provider be back, with the address it gave last."""
        topology.connect_wan(self._namespaces, self.wan_address)

    # Witnesses

    def witness_in(self, host: Host) -> Witness:
        """Return somebody in a host of the LAN who asks the router."""
        return Witness(self._namespaces, host, self.description_url)

    def add_foreign_rule(
        self,
        external_port: int,
        protocol: Protocol = Protocol.TCP,
        *,
        internal_port: int | None = None,
        description: str = "foreign",
        lease: int = 3600,
    ) -> None:
        """Let the other host of the LAN have a port mapping of its own."""
        self.witness_in(Host.NAS).add(
            external_port,
            protocol,
            internal_port=internal_port,
            description=description,
            lease=lease,
        )

    # Requests

    def connect_from_wan(
        self, address: str, port: int, *, timeout: float = 3
    ) -> Connection:
        """Try to connect from the Internet."""
        return self.connect(Host.WAN, address, port, timeout=timeout)

    def connect(
        self, host: Host, address: str, port: int, *, timeout: float = 3
    ) -> Connection:
        """Try to connect from a host."""
        return probe.connect(self._namespaces, host, address, port, timeout)

    def http_get_from_wan(self, url: str, *, timeout: float = 5) -> HttpResponse:
        """Fetch a URL from the Internet; no answer is a `LabError`."""
        return self.http_get(Host.WAN, url, timeout=timeout)

    def http_get(self, host: Host, url: str, *, timeout: float = 5) -> HttpResponse:
        """Fetch a URL from a host; no answer is a `LabError`."""
        return probe.http_get(self._namespaces, host, url, timeout)

    def udp_request(
        self, host: Host, address: str, port: int, request: bytes, *, timeout: float = 1
    ) -> bytes | None:
        """Send a datagram from a host; None where nothing answers."""
        return probe.udp_request(
            self._namespaces, host, address, port, request, timeout
        )
