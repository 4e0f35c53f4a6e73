"""List the packages of our registry, and the versions of one (contract 5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from msgspec import Struct

from placet.core.context import Context
from placet.core.entities.names import about_in, as_wanted, is_first_row
from placet.core.entities.registered import ANY, NAMED, REGISTERED, RegisteredPackage, read_registered, registered_key
from placet.core.entities.registrations import OF_PACKAGE, Registration, read_registration
from placet.core.entities.stored import required
from placet.core.sight import Sight
from placet.domain.log.change import IndexRow
from placet.domain.package.status import VersionStatus
from placet.domain.values.npm import Version, precedence
from placet.errors import InvalidInputError

_PAGE = 1000
_MOST_VERSIONS = 10_000
_MOST_QUERY = 214


class WantedPackages(Struct, frozen=True, kw_only=True):
    """Which packages: by a part of the name, by the status of the latest version; and which page of them.

    `after` is the `after` of the page before.
    """

    query: str = ""
    status: VersionStatus | None = None
    limit: int = 100
    after: str = ""

    @property
    def index(self) -> str:
        """Return the index that they are found in."""
        return NAMED if self.query else REGISTERED

    @property
    def prefix(self) -> str:
        """Return what their rows begin with."""
        return f"{self._list} {as_wanted(self.query)}"

    @property
    def begins_after(self) -> IndexRow | None:
        """Return the row that the page before ended with."""
        if not self.after:
            return None
        about = about_in(self.after) if self.query else self.after
        return IndexRow(name=self.index, value=f"{self._list} {self.after}", key=registered_key(about))

    @property
    def _list(self) -> str:
        return self.status.value if self.status else ANY

    def package_in(self, value: str) -> str:
        """Return the package of a row, empty where another row stands for it."""
        row = value.partition(" ")[2]
        if not self.query:
            return row
        return about_in(row) if is_first_row(row, as_wanted(self.query)) else ""


class PackagePage(Struct, frozen=True, kw_only=True):
    """Some packages, how many there are that the caller may see, and where the next page begins, if there is one."""

    packages: tuple[RegisteredPackage, ...]
    total: int
    after: str


async def list_packages(context: Context, sight: Sight, wanted: WantedPackages) -> PackagePage:
    """Return the packages that the caller may see, by name; raise `InvalidInputError` (`QUERY_INVALID`)."""
    for text in (wanted.query, wanted.after):
        if len(text) > 2 * _MOST_QUERY or not text.isascii() or not text.isprintable():
            raise InvalidInputError(
                "QUERY_INVALID", f"a part of a name has up to {_MOST_QUERY} printable ASCII characters"
            )
    rows: list[IndexRow] = []
    more = False
    async for row in _rows(context, sight, wanted, wanted.begins_after):
        more = len(rows) == wanted.limit
        if more:
            break
        rows.append(row)
    snapshot = await context.store.load([row.key for row in rows])
    return PackagePage(
        packages=tuple(read_registered(required(snapshot, row.key, "package")) for row in rows),
        total=await _total(context, sight, wanted),
        after=rows[-1].value.partition(" ")[2] if more else "",
    )


async def list_versions(context: Context, sight: Sight, package: str) -> list[Registration]:
    """Return the registered versions of a package in order; none where the caller may not see it."""
    rows = await context.store.find(OF_PACKAGE, f"{sight.name_for(package)}@", limit=_MOST_VERSIONS)
    snapshot = await context.store.load([row.key for row in rows])
    found = [read_registration(required(snapshot, row.key, "registration")) for row in rows]
    return sorted(found, key=lambda each: precedence(Version(each.version)))


async def _rows(
    context: Context, sight: Sight, wanted: WantedPackages, after: IndexRow | None
) -> AsyncIterator[IndexRow]:
    """Yield one row of each package that is wanted and seen."""
    while True:
        page = await context.store.find(wanted.index, wanted.prefix, after=after, limit=_PAGE)
        for row in page:
            package = wanted.package_in(row.value)
            if package and sight.sees(package):
                yield row
        if len(page) < _PAGE:  # nor is it asked what comes behind something hidden: behind nothing, nothing does
            return
        after = page[-1]
        await asyncio.sleep(0)  # all others have a turn in between


async def _total(context: Context, sight: Sight, wanted: WantedPackages) -> int:
    if sight.sees_everything and not wanted.query:
        return await context.store.count(wanted.index, wanted.prefix)
    return len([row async for row in _rows(context, sight, wanted, None)])
