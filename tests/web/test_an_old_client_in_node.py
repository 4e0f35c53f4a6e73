"""A client of the replaced services, in Node with nothing but its standard library, is served without a change."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support.node_program import node
from support.service import Service

SUITE = Path(__file__).parents[1] / "node" / "old-client.test.mjs"
CASES = 17


@pytest.mark.node
def test_the_seventeen_cases_of_the_old_services_pass(service: Service) -> None:
    key = service.key("certificates:issue=@acme/*", "certificates:revoke=@acme/*", "chronicle:write=@acme/*",
                      "registry:write=@acme/*")  # fmt: skip

    ran = subprocess.run(
        [node(), "--test", "--test-reporter=tap", SUITE],
        env={"PLACET_URL": service.url, "PLACET_KEY": key},
        capture_output=True,
        timeout=120,
        check=False,
    )

    said = ran.stdout.decode()
    assert ran.returncode == 0, said
    assert f"# pass {CASES}\n" in said, said
