"""`placet serve`: it says where it listens, and ends when it is told to."""

from __future__ import annotations

import signal

from support.service import serving
from support.shell import Shell


def test_it_says_where_it_listens_and_ends_with_0_at_a_signal(trial: Shell) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with serving(trial) as service:
            assert service.ask("GET", "/health").status == 200
            assert f"http://127.0.0.1:{service.port}" in service.log
            service.process.send_signal(number)
            assert service.process.wait(timeout=60) == 0


def test_a_port_that_is_taken_is_told(trial: Shell) -> None:
    with serving(trial) as service:
        refused = trial.placet("serve", "--port", str(service.port), "--json")

    assert (refused.code, refused.error()["code"]) == (1, "ADDRESS_UNUSABLE")
