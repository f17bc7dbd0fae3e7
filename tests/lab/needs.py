"""What the lab needs of the machine it runs on."""

from importlib.util import find_spec
import os
import shutil
import subprocess

_PROGRAMS = {"ip": "iproute2", "nft": "nftables", "miniupnpd": "miniupnpd"}


def missing_needs() -> list[str]:
    """Return what is missing here, in words for the one who can change it."""
    missing = [
        f"{program} (Debian package {package})"
        for program, package in _PROGRAMS.items()
        if shutil.which(program) is None
    ]
    if find_spec("miniupnpc") is None:
        missing.append("miniupnpc (requirements_test.txt)")
    if os.geteuid() != 0:
        missing.append("root")
    elif not missing and not _may_make_namespaces():
        missing.append("the right to make network namespaces")
    return missing


def _may_make_namespaces() -> bool:
    """Return whether root is allowed it, which it is not in most containers."""
    name = f"pra{os.getpid()}-needs"
    added = subprocess.run(
        ["ip", "netns", "add", name], capture_output=True, check=False
    )
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return added.returncode == 0
