"""The pages lead somewhere: every link between files stands, and every heading that is linked to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from architecture.tree import ROOT, tracked_files

pytestmark = pytest.mark.needs("git")

LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def pages() -> list[Path]:
    return [path for path in tracked_files() if path.suffix == ".md"]


def test_every_link_between_files_leads_somewhere() -> None:
    assert [f"{page.relative_to(ROOT)}: {target}" for page in pages() for target in _broken_links(page)] == []


def test_every_decision_record_is_in_the_index() -> None:
    index = (ROOT / "docs" / "adr" / "README.md").read_text()
    records = [path.name for path in (ROOT / "docs" / "adr").glob("[0-9]*.md")]

    assert [name for name in records if f"({name})" not in index] == []


def test_every_decision_record_says_what_we_lose() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))

    assert [path.name for path in records if "## What we lose" not in path.read_text()] == []


def _broken_links(page: Path) -> Iterator[str]:
    for target in LINK.findall(FENCE.sub("", page.read_text())):
        if "://" in target:
            continue
        place, _, heading = target.partition("#")
        file = (page.parent / place).resolve() if place else page
        if not file.exists() or (heading and heading not in _anchors(file)):
            yield target


def _anchors(page: Path) -> set[str]:
    headings = HEADING.findall(FENCE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
