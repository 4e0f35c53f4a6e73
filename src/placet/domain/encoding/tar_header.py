"""One 512-byte tar header, read in the one way on which every reader agrees (contract 7, profile 1).

Stricter than POSIX where readers differ: npm's extractor reads a checksum field beyond its end,
keeps what follows a NUL and a newline in a name, ignores an invalid number and skips the member,
takes the size of a folder for nothing; Python's `tarfile` does otherwise in each case.
"""

from __future__ import annotations

import re

from msgspec import Struct

from placet.domain.encoding.archive_limits import shown, sparse, too_large, unsafe
from placet.errors import InvalidInputError

BLOCK = 512
FILE = ord("0")
FOLDER = ord("5")
EXTENDED = ord("x")
GLOBAL = ord("g")

_SIZE = slice(124, 136)
_CHECKSUM = slice(148, 156)
_BLANK_CHECKSUM = 8 * 0x20
_TERMINATED = re.compile(rb"( *[0-7]+)[ \0]+")
_OCTAL = re.compile(rb" *([0-7]+)[ \0]*")
_EMPTY = re.compile(rb"[ \0]*")
_UNUSED_NUMBERS = re.compile(rb"(?: *[0-7]*[ \0]*\|){5}")  # owner, group, time, two device numbers
_TIMES = re.compile(rb"(?:[0-7]+[ \0]+\|){2}")
_TYPES = {0: FILE, FILE: FILE, FOLDER: FOLDER, EXTENDED: EXTENDED, GLOBAL: GLOBAL}
_POSIX = b"ustar\x0000"
_GNU = b"ustar  \x00"
_OLD = bytes(8)
_SPARSE = ord("S")
_BINARY = 0x80  # the mark of GNU's binary numbers
_SPECIAL_BITS = 0o7000
_FORMAT_BITS = {FILE: 0o100000, FOLDER: 0o040000, EXTENDED: 0o100000, GLOBAL: 0o100000}


class TarHeader(Struct, frozen=True, kw_only=True):
    """What a header says: its kind, the raw path, permission bits and the size of what follows.

    `path` is without NULs, in the bytes of the archive; `mode` has no bits but `0o777`.
    """

    kind: int
    path: bytes
    mode: int
    size: int


def parse_header(block: bytes) -> TarHeader:
    """Return the header that a non-zero `block` of 512 bytes holds.

    Raise `InvalidInputError` (`ARTIFACT_UNSAFE`) for a wrong checksum, another type than file,
    folder or PAX header, a link name, set-id bits, or a field with more than one reading.
    """
    name = block[:100].partition(b"\0")[0]
    _check_checksum(block, name)
    kind = _TYPES.get(block[156])
    if block[156] == _SPARSE:
        raise sparse(name)
    if kind is None:
        raise unsafe(f"member {shown(name)} is of type {chr(block[156])!a}, not a plain file or folder")
    if block[157:257].strip(b"\0"):
        raise unsafe(f"member {shown(name)} names a link")
    path = _path(block, name)
    unused = b"%b|%b|%b|%b|%b|" % (block[108:116], block[116:124], block[136:148], block[329:337], block[337:345])
    if _UNUSED_NUMBERS.fullmatch(unused) is None:
        raise _not_octal(path)
    return TarHeader(kind=kind, path=path, mode=_mode(block, kind, path), size=_size(block, path))


def _check_checksum(block: bytes, name: bytes) -> None:
    field = block[_CHECKSUM]
    # npm's extractor reads on into the next field where nothing ends this one.
    match = _TERMINATED.fullmatch(field)
    if match is None or int(match[1], 8) != sum(block) - sum(field) + _BLANK_CHECKSUM:
        raise unsafe(f"the header of member {shown(name)} has a wrong checksum")


def _path(block: bytes, name: bytes) -> bytes:
    magic = block[257:265]
    prefix = block[345:500].partition(b"\0")[0]
    if magic not in (_POSIX, _GNU, _OLD) or (magic != _POSIX and block[345:].strip(b"\0")):
        raise unsafe(f"member {shown(name)} has a header of an unknown format")
    if magic == _OLD and block[265:345].strip(b"\0"):
        raise unsafe(f"member {shown(name)} has a header of an unknown format")
    if block[len(name) : 100].strip(b"\0") or not _is_empty_or_times(block[345 + len(prefix) :]):
        raise unsafe(f"member {shown(name)} has bytes behind the end of its name")
    return prefix + b"/" + name if prefix else name


def _is_empty_or_times(rest: bytes) -> bool:
    # npm's writer keeps access and change times behind a prefix of at most 130 bytes.
    if not rest.strip(b"\0"):
        return True
    zeros, times, end = rest[:-36], b"%b|%b|" % (rest[-36:-24], rest[-24:-12]), rest[-12:]
    return not (zeros + end).strip(b"\0") and _TIMES.fullmatch(times) is not None


def _number(field: bytes, path: bytes) -> int | None:
    match = _OCTAL.fullmatch(field)
    if match is not None:
        return int(match[1], 8)
    if _EMPTY.fullmatch(field) is None:
        raise _not_octal(path)
    return None


def _not_octal(path: bytes) -> InvalidInputError:
    return unsafe(f"member {shown(path)} has a number that is not octal")


def _size(block: bytes, path: bytes) -> int:
    if block[124] & _BINARY:
        raise too_large(f"member {shown(path)} claims a size that octal digits cannot write")
    size = _number(block[_SIZE], path)
    if size is None:
        raise unsafe(f"member {shown(path)} has no size")
    return size


def _mode(block: bytes, kind: int, path: bytes) -> int:
    mode = _number(block[100:108], path) or 0
    if mode & _SPECIAL_BITS:
        raise unsafe(f"member {shown(path)} has set-id or sticky bits")
    if mode >> 12 and mode & ~0o7777 != _FORMAT_BITS[kind]:
        raise unsafe(f"member {shown(path)} has a mode of another type")
    return mode & 0o777


def with_size(block: bytes, size: int) -> bytes | None:
    """Return the header `block` with another size and its checksum, each in as many digits as before.

    None where the digits cannot hold it, or do not fill the field from its start with zeros, so
    that the old size would not come back the same.
    """
    sized = _rewritten(block, _SIZE, size)
    if sized is None:
        return None
    return _rewritten(sized, _CHECKSUM, sum(sized) - sum(sized[_CHECKSUM]) + _BLANK_CHECKSUM)


def _rewritten(block: bytes, field: slice, number: int) -> bytes | None:
    digits = len(block[field].rstrip(b" \0"))
    text = b"%0*o" % (digits, number)
    if len(text) > digits or block[field].startswith(b" "):
        return None
    return block[: field.start] + text + block[field.start + digits :]
