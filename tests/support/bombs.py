"""Archives that cost more to read than they may (attack A54), made without costing it."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from support.archives import END, header, manifest, member, package_json, pax, tgz

PACKAGE = package_json()

MIB = 1024**2


GIB = 1024**3


def deflated(part: bytes) -> bytes:
    """Return gzip's beginning and `part`, ending at a byte, so that more can follow."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    return deflate.compress(part) + deflate.flush(zlib.Z_FULL_FLUSH)


def repeated(part: bytes, times: int) -> bytes:
    """Return the packed form of `part` many times over, without packing it many times."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    deflate.compress(b"x")
    deflate.flush(zlib.Z_FULL_FLUSH)
    return (deflate.compress(part) + deflate.flush(zlib.Z_FULL_FLUSH)) * times


def ten_gib_in_one_member() -> bytes:
    return deflated(PACKAGE + header("package/x", 8 * GIB - 1)) + repeated(bytes(MIB), 10 * 1024)


def ten_gib_behind_the_end() -> bytes:
    return deflated(PACKAGE + END) + repeated(bytes(MIB), 10 * 1024)


def ten_gib_in_small_members() -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [deflate.compress(PACKAGE)]
    for index in range(256):
        parts += [deflate.compress(header(f"package/{index}", MIB)), deflate.compress(bytes(MIB))]
    parts.append(deflate.flush(zlib.Z_FULL_FLUSH))
    return b"".join(parts) + repeated(bytes(MIB), 10 * 1024)


def ten_mib_of_zeros() -> bytes:
    return tgz(PACKAGE, member("package/x", bytes(10 * MIB)))


def four_gib_claimed() -> bytes:
    return tgz(PACKAGE, header("package/x", 4 * GIB))


def binary_size_claimed() -> bytes:
    return tgz(PACKAGE, header("package/x", size=b"\x80" + (2**60).to_bytes(11, "big")))


def sparse_member() -> bytes:
    return tgz(PACKAGE, header("package/x", kind=b"S"))


def sparse_by_pax() -> bytes:
    return tgz(PACKAGE, pax(("GNU.sparse.realsize", "99999999999")), member("package/x"))


def extended_header_without_end() -> bytes:
    return tgz(PACKAGE, pax(("comment", "c" * 9000)), member("package/x"))


def large_package_json() -> bytes:
    return tgz(package_json(manifest(x="".join(map(str, range(250_000))))))


def members(count: int, width: int = 7) -> Iterator[bytes]:
    block = header("package/" + "0" * width)
    start, zero = len("package/"), sum(block[:148]) + sum(block[156:]) + 8 * 0x20
    for digits in itertools.islice(itertools.product(b"0123456789", repeat=width), count):
        checksum = b"%06o\0 " % (zero + sum(digits) - width * ord("0"))
        yield block[:start] + bytes(digits) + block[start + width : 148] + checksum + block[156:]


def million_members() -> bytes:
    deflate = zlib.compressobj(6, zlib.DEFLATED, 31)
    return b"".join([*map(deflate.compress, itertools.chain([PACKAGE], members(1_000_000))), deflate.flush()])


def long_paths() -> bytes:
    prefix = b"package/".ljust(155, b"a")
    return tgz(PACKAGE, *(member(f"{index:05}".ljust(100, "b"), prefix=prefix) for index in range(34_000)))


BOMBS: list[Any] = [
    ten_gib_in_one_member,
    ten_gib_behind_the_end,
    ten_gib_in_small_members,
    ten_mib_of_zeros,
    four_gib_claimed,
    binary_size_claimed,
    sparse_member,
    sparse_by_pax,
    extended_header_without_end,
    large_package_json,
    long_paths,
    pytest.param(million_members, marks=pytest.mark.slow),
]
