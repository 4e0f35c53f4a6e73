"""Reads a plan file with everything that it names, where the person is who wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from placet.domain.authorization.plan_file import PlanFile
from placet.domain.values.unshown import Unshown


class ReadPlan(Unshown, frozen=True, kw_only=True):
    """A plan file, its packed package (empty where it has none), and the bytes of each file by its path in it."""

    file: PlanFile
    tgz: bytes
    contents: Mapping[str, bytes]


class PlanFiles(Protocol):
    """Reads plan files of this machine; nothing is changed, and repeating it is harmless."""

    async def read(self, path: Path) -> ReadPlan:
        """Return the plan file at `path` with what lies beside or below it; pack its package, scripts off.

        Raise `InvalidInputError` (`PLAN_FILE_INVALID`) for what cannot be read or leads elsewhere, and as the packer.
        """
        ...
