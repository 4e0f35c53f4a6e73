"""The paths of an archive: each plain, all under one top folder, no two the same (contract 7, profile 1)."""

from __future__ import annotations

import re
import unicodedata

from placet.domain.encoding.archive_limits import (
    PATH_BYTES,
    SEGMENT_BYTES,
    ArchiveLimits,
    ambiguous,
    shown,
    too_large,
    unsafe,
)

# An empty, `.` or `..` segment, a drive letter (npm's extractor cuts it off), a backslash, a
# control character, or a mark that reverses the direction in which people read the name.
_FORBIDDEN = re.compile(
    r"(?:^|/)(?:\.{0,2}(?:/|$)|[A-Za-z]:)|[\\\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


class ArchivePaths:
    """The paths met so far in one archive; each new one is checked against all others."""

    def __init__(self, limits: ArchiveLimits) -> None:
        """Start with no path."""
        self.top_folder = ""
        self._room = limits.paths
        self._limits = limits
        # Keys are paths folded so that names are equal where any common file system thinks so.
        self._files: set[bytes] = set()
        self._folders: set[bytes] = set()
        self._listed_folders: set[bytes] = set()

    def enter_file(self, raw: bytes) -> str:
        """Return the path of a file below the top folder.

        Raise `InvalidInputError`: `ARTIFACT_UNSAFE` for a path outside the profile or met
        before, `ARTIFACT_AMBIGUOUS` for a name that npm changes when it installs it,
        `ARTIFACT_TOO_LARGE` when all paths together are too long.
        """
        path = self._below_top(raw)
        if not path:
            raise unsafe(f"member {shown(raw)} lies outside the top folder")
        if path == ".gitignore" or path.endswith("/.gitignore"):
            raise ambiguous(f"npm installs member {shown(raw)} as .npmignore, other clients as it is")
        key = _folded(path)
        if key in self._files or key in self._folders:
            raise unsafe(f"member {shown(raw)} has the name of another, but for case")
        self._files.add(key)
        self._enter_parents(key, raw)
        return path

    def enter_folder(self, raw: bytes) -> None:
        """Check the path of a folder; raise as `enter_file` does."""
        key = _folded(self._below_top(raw.removesuffix(b"/")))
        if key in self._listed_folders or key in self._files:
            raise unsafe(f"member {shown(raw)} has the name of another, but for case")
        self._listed_folders.add(key)
        self._folders.add(key)
        self._enter_parents(key, raw)

    def _below_top(self, raw: bytes) -> str:
        top, _, path = self._plain(raw).partition("/")
        if not self.top_folder:
            self.top_folder = top
        if top != self.top_folder:
            raise unsafe(f"member {shown(raw)} lies outside the top folder {shown(self.top_folder)}")
        return path

    def _plain(self, raw: bytes) -> str:
        self._room -= len(raw)
        if self._room < 0:
            raise too_large(f"its paths together have more than {self._limits.paths} bytes")
        try:
            path = raw.decode()
        except UnicodeDecodeError as error:
            raise unsafe(f"the path {shown(raw)} is not UTF-8") from error
        if _FORBIDDEN.search(path) is not None or not unicodedata.is_normalized("NFC", path):
            raise unsafe(f"the path {shown(raw)} is not plain, relative and normal")
        if len(raw) > SEGMENT_BYTES and (len(raw) > PATH_BYTES or max(map(len, raw.split(b"/"))) > SEGMENT_BYTES):
            raise unsafe(f"the path {shown(raw)} is longer than file systems allow")
        return path

    def _enter_parents(self, key: bytes, raw: bytes) -> None:
        parent = key.rpartition(b"/")[0]
        while parent and parent not in self._folders:
            if parent in self._files:
                raise unsafe(f"member {shown(raw)} lies in a folder that is also a file")
            self._folders.add(parent)
            parent = parent.rpartition(b"/")[0]


def _folded(path: str) -> bytes:
    if path.isascii():
        return path.lower().encode()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold()).encode()
