"""`placet demo`: what a newcomer sees first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from placet.demo.main import run


@pytest.mark.node
def test_the_demo_publishes_verifies_and_stops_the_eight_named_attacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(Path("home"), as_json=True) == 0
    shown = json.loads(capsys.readouterr().out)
    assert list(shown) == ["published", "verified", "attacks", "ledger"]
    assert set(shown["published"]) == {"package", "version", "sha256", "receipts", "certificate_id", "bundle"}
    assert shown["verified"] is True
    assert [(each["got"], each["effects"]) for each in shown["attacks"]] == [
        (each["expected"], 0) for each in shown["attacks"]
    ]
    assert len(shown["attacks"]) == 8
    assert shown["ledger"]["verified"] is True
    assert Path(shown["published"]["bundle"]).is_relative_to(tmp_path / "home")
    assert Path(shown["published"]["bundle"]).is_file()


@pytest.mark.node
def test_the_demo_says_in_words_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(None, as_json=False) == 0
    said = capsys.readouterr().out
    assert said.rstrip().endswith("demo: ok")
    for code in ("SIGNATURE_INVALID", "RECEIPT_CONSUMED", "OPERATION_MISMATCH", "RUN_MISMATCH", "RECEIPT_EXPIRED"):
        assert code in said
