"""Who may see which package (contract 1)."""

from __future__ import annotations

from placet.bootstrap import Opened
from placet.core.acts.act import PROVIDER
from placet.core.entities.visibility import EVERY_OTHER, VISIBLE, visibility_in, visibility_key
from placet.core.runs import Intent
from placet.domain.authorization.operation import Subject
from placet.domain.encoding.canonical import Object, Value
from placet.domain.values.kinds import OperationKind
from placet.domain.values.npm import parse_package_name
from placet.errors import NotFoundError
from placet.facade.asking import ask_as

_MOST = 10_000


class PackageVisibilities:
    """What is said of packages by name, and of every other one."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._opened = opened
        self._context = opened.context

    async def show(self, package: str) -> Object:
        """Return who may see a package.

        Raise `NotFoundError` where no scope of the caller is about it: to others even that something
        is said of a name would tell that it is there.
        """
        name = parse_package_name(package)
        if self._opened.caller is not None and not self._opened.caller.may_see(name):
            raise NotFoundError("NOT_FOUND", "there is no such package here")
        snapshot = await self._context.store.load([visibility_key(name), visibility_key(EVERY_OTHER)])
        return {"package": name, "visibility": visibility_in(snapshot, name).value}

    async def list(self) -> Object:
        """Return what is said of packages by name, of those that a scope of the caller is about, and of every other."""
        caller = self._opened.caller
        snapshot = await self._context.store.load([visibility_key(EVERY_OTHER)])
        rows = await self._context.store.find(VISIBLE, "", limit=_MOST)
        said = sorted((package, visibility) for visibility, _, package in (row.value.partition(" ") for row in rows))
        said = [each for each in said if caller is None or caller.may_see(each[0])]
        packages: list[Value] = [{"package": package, "visibility": visibility} for package, visibility in said]
        return {"every_other": visibility_in(snapshot, EVERY_OTHER).value, "packages": packages}

    async def change(self, package: str, visibility: str, *, requester: str = "") -> Object:
        """Ask that a package, or every other one (empty), be seen by everybody or not; raise as `ask_as`.

        Raise `InvalidInputError` (`VISIBILITY_INVALID`) where nothing would change.
        """
        name = parse_package_name(package) if package else EVERY_OTHER
        intent = Intent(
            kind=OperationKind.CHANGE_VISIBILITY,
            subject=Subject(provider=PROVIDER, name=name, version="", tag=""),
            params={"visibility": visibility},
        )
        return await ask_as(self._opened, intent, requester)
