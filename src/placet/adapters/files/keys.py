"""The grammar of object keys: relative paths of plain segments, nothing a file system reads otherwise."""

from __future__ import annotations

import re

from placet.errors import EffectError

_SEGMENT = re.compile(r"[A-Za-z0-9@_][A-Za-z0-9@._+~-]{0,254}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_LIMIT = 1024


def split_key(key: str) -> tuple[str, ...]:
    """Return the segments of `key`.

    Raise `EffectError` (`EGRESS_DENIED`) for an absolute key, an empty, `.` or `..` segment, one
    that starts or ends with a dot, a backslash, NUL, percent sign or anything else outside
    `[A-Za-z0-9@._+~-]`, a name that some systems reserve, or more than 1024 characters.
    """
    segments = tuple(key.split("/"))
    if len(key) > _LIMIT or any(not _is_plain(segment) for segment in segments):
        raise EffectError(
            "EGRESS_DENIED",
            f"nothing was opened: {key[:120]!r} is no object key",
            hint="keys look like packages/@acme/tool/1.0.0.tgz",
        )
    return segments


def _is_plain(segment: str) -> bool:
    return (
        _SEGMENT.fullmatch(segment) is not None and not segment.endswith(".") and _RESERVED.fullmatch(segment) is None
    )
