from __future__ import annotations

from typing import Any

import pytest

from placet.domain.authorization.operation import Artifact, Precondition, Subject
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.render import fingerprint, render_plan, shown_digest
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import Mode
from support.governance import VERSION, a_plan, an_operation

PLAN = a_plan()
EXPECTED = """\
PLACET PLAN
fingerprint: "{fingerprint}"
mode: "prod"
requester: "ci:github:acme/tool"
run: "run_01ARZ3NDEKTSV4RRFFQ69G5FAV"
log: "5f1d0e9c8b7a69584736251403f2e1d0/acme"
created: "2026-03-04T05:01:07.890Z"
policy version: "v1.0"
policy digest:
    | "{policy}"
plan digest:
    | "{digest}"
operations: 1

OPERATION 1 OF 1
  kind: "publish_package"
  id: "run_01ARZ3NDEKTSV4RRFFQ69G5FAV/2/1"
  provider: "npm"
  name: "@acme/tool"
  version: "1.0.0"
  tag: ""
  certificate: "CERT-PKG-20260304-001"
  param: {{"access":"public"}}
  param: {{"dist_tag":"latest"}}
  artifact: "tool-1.0.0.tgz"
    bytes: 12345
    sha256: "{sha256}"
    sha512:
    | "{sha512_start}
    | {sha512_end}"
  only if: "version is absent"

END OF PLAN
"""


def rendered(**changed: Any) -> str:
    return render_plan(a_plan(an_operation(**changed)), VERSION)


def test_the_text_shows_everything_that_is_approved() -> None:
    assert render_plan(PLAN, VERSION) == EXPECTED.format(
        fingerprint=fingerprint(PLAN.digest()),
        policy=PLAN.policy_digest,
        digest=PLAN.digest(),
        sha256="a1" * 32,
        sha512_start="b2" * 36,
        sha512_end="b2" * 28,
    )


def test_the_digest_is_that_of_the_text_as_bytes() -> None:
    assert shown_digest(render_plan(PLAN, VERSION)) == sha256(render_plan(PLAN, VERSION).encode())


def test_the_fingerprint_is_the_first_96_bits_of_the_digest_in_groups() -> None:
    assert fingerprint(sha256(b"")) == "e3b0 c442 98fc 1c14 9afb f4c8"


@pytest.mark.parametrize(
    "changed",
    [
        a_plan(requester="person:alice"),
        a_plan(mode=Mode.DRY_RUN),
        a_plan(nonce="f" * 32),
        a_plan(issuer="other"),
        a_plan(an_operation(), an_operation(2)),
        a_plan(an_operation(params={"access": "public", "dist_tag": "next"})),
        a_plan(an_operation(params={"access": "public"})),
        a_plan(an_operation(certificate_id="")),
        a_plan(an_operation(subject=Subject(provider="npm", name="@acme/tool", version="1.0.0", tag="v1"))),
        a_plan(an_operation(preconditions=())),
        a_plan(an_operation(preconditions=(Precondition(fact="version", expected="1.0.0"),))),
        a_plan(an_operation(artifacts=())),
        a_plan(an_operation(artifacts=(Artifact(name="tool-1.0.0.tgz", sha256="a1" * 32, sha512="b2" * 64, size=1),))),
    ],
)
def test_whatever_differs_in_the_plan_differs_in_the_text(changed: Plan) -> None:
    assert render_plan(changed, VERSION) != render_plan(PLAN, VERSION)


def test_another_policy_version_is_another_text() -> None:
    assert render_plan(PLAN, "v2") != render_plan(PLAN, VERSION)


def test_operations_are_counted_and_in_order() -> None:
    text = render_plan(a_plan(an_operation(), an_operation(2, artifacts=())), VERSION)

    assert "operations: 2\n" in text
    assert text.index("OPERATION 1 OF 2") < text.index("OPERATION 2 OF 2") < text.index("END OF PLAN")


def test_parameters_stand_sorted_with_their_types() -> None:
    text = rendered(params={"z": 1, "a": True, "m": ["x", {"k": "v", "j": 2}]})

    assert '  param: {"a":true}\n  param: {"m":["x",{"j":2,"k":"v"}]}\n  param: {"z":1}\n' in text


@pytest.mark.parametrize("length", [0, 1, 60, 66, 67, 68, 72, 73, 74, 145, 146, 147, 5000])
def test_no_line_is_wider_than_a_terminal_and_no_value_is_cut_off(length: int) -> None:
    value = "x" * length
    text = rendered(params={"note": value})

    assert max(len(line) for line in text.splitlines()) <= 79
    assert text.replace("\n    | ", "").replace("\n", "").count("x" * length + '"}') == 1


def test_a_value_stands_beside_its_name_as_long_as_it_fits() -> None:
    fits, too_long = "x" * 59, "x" * 60

    assert f'\n  param: {{"note":"{fits}"}}\n' in rendered(params={"note": fits})
    assert f'\n  param:\n    | {{"note":"{too_long}"}}\n' in rendered(params={"note": too_long})


@pytest.mark.parametrize("before", range(60, 76))
def test_a_value_cannot_pass_for_a_line_of_the_form(before: int) -> None:
    text = rendered(
        params={"note": " " * before + "OPERATION 1 OF 1" + " " * 90 + "mode: dry_run" + " " * 90 + "END OF PLAN"}
    )

    forms = ("OPERATION", "END OF PLAN", "mode", "  mode")
    assert [line for line in text.splitlines() if line.startswith(forms)] == [
        'mode: "prod"',
        "OPERATION 1 OF 1",
        "END OF PLAN",
    ]


def test_everything_but_printable_ascii_is_escaped() -> None:
    text = render_plan(PLAN, 'v1\n\x1b[2J\x7f\u202e\ud800"\\')

    assert 'policy version: "v1\\n\\u001b[2J\\u007f\\u202e\\ud800\\"\\\\"\n' in text
    assert text.replace("\n", "").isprintable()
    assert text.isascii()
