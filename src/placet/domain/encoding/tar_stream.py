"""Cuts a tar stream that arrives in pieces into blocks and contents, holding one piece at a time."""

from __future__ import annotations

from collections.abc import Iterator

from placet.domain.encoding.archive_limits import unsafe
from placet.domain.encoding.tar_header import BLOCK

ZERO_BLOCK = bytes(BLOCK)


class TarStream:
    """A tar stream at the place that was read last."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        """Start before the first block of the stream that `pieces` yields."""
        self._pieces = pieces
        self._held = memoryview(b"")
        self.offset = 0

    def block(self) -> bytes:
        """Return the next 512 bytes; raise `InvalidInputError` (`ARTIFACT_UNSAFE`) if they are not there."""
        return b"".join(self.take(BLOCK))

    def take(self, size: int) -> Iterator[memoryview]:
        """Yield the next `size` bytes in pieces; raise as `block` does."""
        while size:
            if not self._held and not self._advance():
                raise unsafe("its tar stream ends before it is complete")
            part = self._held[:size]
            self._held = self._held[len(part) :]
            self.offset += len(part)
            size -= len(part)
            yield part

    def skip_padding(self, size: int) -> None:
        """Read the zeros that fill the last block of a content of `size` bytes."""
        if size % BLOCK and b"".join(self.take(-size % BLOCK)).strip(b"\0"):
            raise unsafe("the space behind a member's content is not empty")

    def check_only_zeros(self) -> None:
        """Read the rest, which must be whole zero blocks; raise as `block` does."""
        while self._held or self._advance():
            part = bytes(self._held)
            if part.count(0) != len(part):
                raise unsafe("bytes follow the end of its tar stream")
            self.offset += len(part)
            self._held = memoryview(b"")
        if self.offset % BLOCK:
            raise unsafe("its tar stream does not consist of whole blocks")

    def _advance(self) -> bool:
        for piece in self._pieces:
            if piece:
                self._held = memoryview(piece)
                return True
        return False
