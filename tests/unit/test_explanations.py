"""A code is explained with steps that can be typed."""

from __future__ import annotations

from placet.domain.authorization.explanations import EXPLANATIONS, explain


def test_the_run_stands_in_the_steps_that_name_one() -> None:
    steps = explain("RECEIPT_EXPIRED").steps_for("run_1")

    assert steps[0].endswith("placet run resume run_1")


def test_a_known_code_has_its_own_explanation() -> None:
    assert explain("NO_RULE") is EXPLANATIONS["NO_RULE"]


def test_a_code_that_nobody_knows_is_said_to_be_unknown() -> None:
    assert explain("NO_SUCH_CODE").text == "This version has no explanation for the code."
