"""What `--json` prints has exactly the members that `docs/json-output.md` lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.shell import Shell

pytestmark = pytest.mark.thorough

PAGE = Path(__file__).parents[2] / "docs" / "json-output.md"
ROW = re.compile(r"\| `([a-z][^`]*)` \| (`.*`) \|")
DOCUMENTED = {
    match[1]: match[2].strip("`").split("` `") for line in PAGE.read_text().splitlines() if (match := ROW.match(line))
}
# Words of the page that stand for something, and what a command needs that the page leaves out.
MEANT = {
    "PATH": "my-package",
    "RUN": "$RUN",
    "FILE": "policy.toml",
    "SEQ": "1",
    "NAME@VERSION": "@acme/tool@3.1.0",
    "ID": "$CERTIFICATE",
    "PLAN": "release.toml",
    "QUERY": "tool",
}
MORE = {
    "provider add": "npm --kind npm --url $REGISTRY --credential env:NPM_TOKEN",
    "principal add": "person:alice --key alice.pub",
    "issuer add": "https://json.example.com --client-id placet",
    "key create --name ci": "--principal person:local --scope registry:write=@acme/*",
    "freeze set": "npm:@acme/old-* --reason why",
}
OTHERWISE = {
    "certificate revoke ID": "certificate revoke $OTHER_CERTIFICATE --reason superseded",
    "receipt show ID": "receipt show $RECEIPT",
    "freeze lift ID": "freeze lift $FREEZE",
    "ledger prove --grown-from FILE": "ledger prove --grown-from kept.note",
    "init": "init --profile trial --home fresh",
}
ELSEWHERE = {
    "approve RUN": "test_approving_on_the_command_line",
    "session list": "test_issuers_and_sessions_on_the_command_line",
    "storage check ID": "test_storage_on_the_command_line",
    "break-glass approve RUN": "test_break_glass_on_the_command_line",
    "break-glass show RUN": "test_break_glass_on_the_command_line",
    "break-glass review RUN": "test_break_glass_on_the_command_line",
}


def members(value: Any, documented: set[str], path: str = "") -> Iterator[str]:
    """Yield the paths of a document, as deep as the page goes."""
    for name, member in value.items():
        here = f"{path}.{name}" if path else name
        deeper = any(each.startswith((f"{here}.", f"{here}[]")) for each in documented)
        if deeper and isinstance(member, list):
            assert member, f"{here} is empty, so nothing was compared"
            for each in member:
                yield from members(each, documented, f"{here}[]")
        elif deeper:
            yield from members(member, documented, here)
        else:
            yield here


@pytest.mark.parametrize("command", sorted(set(DOCUMENTED) - set(ELSEWHERE)))
def test_json_has_exactly_the_documented_members(prepared: Shell, command: str) -> None:
    (prepared.place / "kept.note").write_text(prepared.done("ledger", "show", "--checkpoint").out)
    line = OTHERWISE.get(command) or " ".join(MEANT.get(word, word) for word in command.split())

    ran = prepared.script(f"placet {line} {MORE.get(command, '')} --json")

    assert ran.code == 0, ran.err
    documented = set(DOCUMENTED[command])
    assert set(members(ran.json(), documented)) == documented


def test_what_an_approval_prints_is_documented(team: Shell) -> None:
    asked = team.placet("publish", team.package("1.0.9"), "--as", "person:alice", "--no-wait")
    run_id = next(line.split()[1] for line in asked.err.splitlines() if line.startswith("run "))

    ran = team.done("approve", run_id, "--as", "person:bob", "--key", "bob", "--yes", "--json")

    assert set(ran.json()) == set(DOCUMENTED["approve RUN"])
