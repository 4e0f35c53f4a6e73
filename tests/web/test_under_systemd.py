"""The systemd unit: systemd finds nothing to say, it is hardened, and the service tells when it serves."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest

from placet.web.server.notify import READY, tell_manager
from support.service import serving_trial

pytestmark = pytest.mark.thorough

UNIT = Path(__file__).parents[2] / "packaging" / "systemd" / "placet.service"
INSTALLED = "/opt/placet/bin/placet"
MOST_EXPOSED = 15
"""In tenths, as `systemd-analyze security` counts: 15 is 1.5 of 10. Without a network it would be less."""


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Return the unit as it is on a machine where Placet is installed: here."""
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace(INSTALLED, str(Path(sys.executable).parent / "placet")))
    return here


def analysed(*arguments: str | Path) -> tuple[int, str]:
    said = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False)
    return said.returncode, said.stdout + said.stderr


@pytest.mark.needs("systemd-analyze")
def test_systemd_finds_nothing_to_say_about_the_unit(unit: Path) -> None:
    assert analysed("verify", "--man=no", unit) == (0, "")


@pytest.mark.needs("systemd-analyze")
def test_the_unit_is_as_little_exposed_as_a_service_with_a_network_can_be(unit: Path) -> None:
    code, said = analysed("security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", unit)

    assert code == 0, said


def test_the_unit_waits_as_long_as_what_is_under_way_may_take() -> None:
    text = UNIT.read_text()
    parsed = RawConfigParser(strict=False)
    parsed.read_string(text)

    assert int(parsed["Service"]["TimeoutStopSec"]) > 75
    assert parsed["Service"]["KillMode"] == "mixed"
    assert "passphrase" not in parsed["Service"]["ExecStart"]
    assert f"ExecStart={INSTALLED} serve" in text


def test_the_service_manager_is_told_when_it_serves_and_when_it_ends(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(60)
        manager.bind(str(tmp_path / "notify"))
        with serving_trial(tmp_path / "trial", NOTIFY_SOCKET=str(tmp_path / "notify")) as service:
            assert manager.recv(100) == b"READY=1"
            assert service.ask("GET", "/readyz").status == 200
            service.process.send_signal(signal.SIGTERM)
            assert manager.recv(100) == b"STOPPING=1"


def test_a_manager_may_listen_at_a_name_that_is_no_file(tmp_path: Path) -> None:
    name = f"placet-{tmp_path.name}-{id(tmp_path)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(60)
        manager.bind(f"\0{name}")
        tell_manager({"NOTIFY_SOCKET": f"@{name}"}, READY)

        assert manager.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "relative", "/nobody/listens/here", "@nobody-listens-here"])
def test_a_manager_that_does_not_listen_stops_nothing(address: str) -> None:
    tell_manager({"NOTIFY_SOCKET": address}, READY)
