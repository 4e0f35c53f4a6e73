"""Package archives made byte by byte, the good and the bad: nothing here knows how Placet reads them."""

from __future__ import annotations

import json
import zlib
from typing import Any

BLOCK = 512
END = bytes(2 * BLOCK)
POSIX = b"ustar\x0000"
GNU = b"ustar  \x00"
OLD = bytes(8)


def octal(number: int, width: int) -> bytes:
    """Return `number` as most writers do: zero-filled digits and one NUL."""
    return b"%0*o\0" % (width - 1, number)


def octal_of_npm(number: int, width: int) -> bytes:
    """Return `number` as npm's writer does: a space more where the digits leave room."""
    return b"%0*o \0" % (width - 2, number)


def header(name: bytes | str, size: bytes | int = 0, **fields: bytes | int) -> bytes:
    """Return one header block with a right checksum.

    `fields` overwrite single fields with raw bytes (or numbers, written as octal digits):
    mode, uid, gid, mtime, checksum, kind, link, magic, owner, major, minor, prefix, rest.
    """
    raw = name if isinstance(name, bytes) else name.encode()
    values: dict[str, tuple[int, bytes | int]] = {
        "name": (100, raw),
        "mode": (8, 0o644),
        "uid": (8, 0),
        "gid": (8, 0),
        "size": (12, size),
        "mtime": (12, 0o3560116604),
        "checksum": (8, b" " * 8),
        "kind": (1, b"0"),
        "link": (100, b""),
        "magic": (8, POSIX),
        "owner": (64, b""),
        "major": (8, 0),
        "minor": (8, 0),
        "prefix": (155, b""),
        "rest": (12, b""),
    }
    checksum = fields.pop("checksum", None)
    for field, value in fields.items():
        values[field] = (values[field][0], value)
    block = b"".join(_field(width, value) for width, value in values.values())
    return with_checksum(block) if checksum is None else block[:148] + _field(8, checksum) + block[156:]


def with_checksum(block: bytes, *, signed: bool = False) -> bytes:
    """Return a header block with its checksum computed anew."""
    blank = block[:148] + b" " * 8 + block[156:]
    total = sum(byte - 256 if signed and byte > 127 else byte for byte in blank)
    return block[:148] + b"%06o\0 " % total + block[156:]


def member(name: bytes | str, content: bytes = b"", **fields: bytes | int) -> bytes:
    """Return a header, the content and its padding."""
    return header(name, fields.pop("size", len(content)), **fields) + padded(content)


def folder(name: bytes | str, **fields: bytes | int) -> bytes:
    """Return the header of a folder."""
    return header(name, kind=b"5", mode=fields.pop("mode", 0o755), **fields)


def pax(*records: tuple[str, str] | bytes, name: str = "PaxHeader/x", **fields: bytes | int) -> bytes:
    """Return an extended header with these records: pairs, or raw bytes as they are."""
    body = b"".join(each if isinstance(each, bytes) else pax_record(*each) for each in records)
    return member(name, body, kind=fields.pop("kind", b"x"), **fields)


def pax_record(key: str, value: str) -> bytes:
    """Return one record with its right length."""
    rest = f" {key}={value}\n".encode()
    length = len(rest) + 1
    while len(str(length)) + len(rest) != length:
        length += 1
    return b"%d%b" % (length, rest)


def padded(content: bytes) -> bytes:
    """Return the content and the zeros that fill its last block."""
    return content + bytes(-len(content) % BLOCK)


def manifest(name: str = "tool", version: str = "1.0.0", **members: Any) -> bytes:
    """Return a package.json as npm formats it."""
    return json.dumps({"name": name, "version": version, **members}, indent=2).encode() + b"\n"


def package_json(text: bytes | None = None, **fields: bytes | int) -> bytes:
    """Return the member that holds the package.json."""
    return member("package/package.json", manifest() if text is None else text, **fields)


def tgz(*parts: bytes, end: bytes = END) -> bytes:
    """Return the gzip of a tar stream of these parts and its end."""
    return packed(b"".join(parts) + end)


def packed(stream: bytes, level: int = 9) -> bytes:
    """Return one gzip member."""
    deflate = zlib.compressobj(level, zlib.DEFLATED, 31)
    return deflate.compress(stream) + deflate.flush()


def unpacked(archive: bytes) -> bytes:
    """Return the tar stream of an archive."""
    return zlib.decompress(archive, 31)


def plain_package() -> bytes:
    """Return a small archive that everybody reads the same."""
    return tgz(package_json(), member("package/lib/index.js", b"module.exports = 1\n"))


def _field(width: int, value: bytes | int) -> bytes:
    return octal(value, width) if isinstance(value, int) else value.ljust(width, b"\0")
