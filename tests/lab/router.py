"""The router's port mapping daemon, miniupnpd."""

from pathlib import Path
import signal

from . import firewall
from .namespaces import Namespaces
from .options import RouterOptions
from .process import LabProcess, Transport
from .topology import LAN_INTERFACE, LAN_NETWORK, WAN_INTERFACE, Host

_SSDP_PORT = 1900
_PCP_PORT = 5351

_UUID = "7f9a3b3e-6b3d-4f0e-9c55-3d3b7b7a0001"


class Router:
    """A miniupnpd that can be ended, started and robbed of its memory."""

    def __init__(
        self, namespaces: Namespaces, options: RouterOptions, folder: Path
    ) -> None:
        """Write the configuration; nothing in /etc is read or changed."""
        self._namespaces = namespaces
        self._options = options
        self._configuration = folder / "miniupnpd.conf"
        self._leases = folder / "leases"
        self._pid_file = folder / "miniupnpd.pid"
        self._configuration.write_text(_configuration(options, self._leases))
        self._process: LabProcess | None = None

    def start(self) -> None:
        """Start the daemon and wait until it answers."""
        self._process = self._namespaces.start(
            Host.ROUTER,
            "miniupnpd",
            "-d",
            "-f",
            self._configuration,
            "-P",
            self._pid_file,
            log="miniupnpd",
        )
        self._process.wait_bound(*_ports(self._options))

    def stop(self, *, clean: bool) -> None:
        """End the daemon, and wait until its ports are free again.

        A clean end says goodbye to the LAN; the other is the pulled plug.
        """
        if self._process is None:
            return
        if clean:
            self._process.terminate(signal.SIGTERM)
            self._process.stop()
        else:
            self._process.kill()
        self._process = None

    def reconfigure(self, options: RouterOptions) -> None:
        """Be another kind of router after the next start."""
        self._options = options
        self._configuration.write_text(_configuration(options, self._leases))

    def freeze(self) -> None:
        """Have the daemon hang; the kernel goes on forwarding."""
        if self._process is not None:
            self._process.terminate(signal.SIGSTOP)

    def thaw(self) -> None:
        """Have the daemon go on."""
        if self._process is not None:
            self._process.terminate(signal.SIGCONT)

    def wipe(self) -> None:
        """Empty the table in the kernel and on disk; the daemon is not told."""
        firewall.flush_port_forwards(self._namespaces)
        self._leases.unlink(missing_ok=True)


def _ports(options: RouterOptions) -> list[tuple[Transport, int]]:
    """Return which ports the daemon opens last."""
    ports: list[tuple[Transport, int]] = []
    if options.upnp:
        ports.append(("udp", _SSDP_PORT))
    if options.nat_pmp or options.pcp:
        ports.append(("udp", _PCP_PORT))
    return ports


def _configuration(options: RouterOptions, leases: Path) -> str:
    """Return the text of miniupnpd.conf."""
    return f"""\
ext_ifname={WAN_INTERFACE}
listening_ip={LAN_INTERFACE}
http_port={options.http_port}
enable_upnp={_yes_no(options.upnp)}
enable_natpmp={_yes_no(options.nat_pmp or options.pcp)}
pcp_allow_thirdparty={_yes_no(options.pcp_third_party)}
min_lifetime={options.pcp_min_lifetime}
max_lifetime={options.pcp_max_lifetime}
secure_mode={_yes_no(options.secure_mode)}
force_igd_desc_v1={_yes_no(options.igd_v1)}
system_uptime=no
uuid={_UUID}
lease_file={leases}
upnp_table_name={firewall.TABLE}
upnp_nat_table_name={firewall.TABLE}
upnp_forward_chain={firewall.FORWARD_CHAIN}
upnp_nat_chain={firewall.PREROUTING_CHAIN}
upnp_nat_postrouting_chain={firewall.POSTROUTING_CHAIN}
{"deny" if options.refuses else "allow"} 1024-65535 {LAN_NETWORK} 1024-65535
deny 0-65535 0.0.0.0/0 0-65535
"""


def _yes_no(value: bool) -> str:
    """Return a truth as miniupnpd writes it."""
    return "yes" if value else "no"
