"""Who may see which packages: the machine itself all, anybody the public ones, a key its own besides (contract 1).

What somebody may not see is for them as if it were not there, and costs the same reads (attacks A87).
"""

from __future__ import annotations

from msgspec import Struct

from placet.core.caller import Caller
from placet.core.context import Context
from placet.core.entities.certificates import CertificateRecord, certificate_key, read_certificate
from placet.core.entities.stand_ins import NO_PACKAGE, a_certificate
from placet.core.entities.stored import entity_of, missing
from placet.core.entities.visibility import EVERY_OTHER, VISIBLE, visibility_in, visibility_key
from placet.domain.values.kinds import Visibility

_PAGE = 1000


class Sight(Struct, frozen=True, kw_only=True):
    """What one caller may see. `exceptions` are the packages that are not as visible as every other one.

    `caller` is None on the machine itself.
    """

    caller: Caller | None
    default: Visibility
    exceptions: frozenset[str]

    def sees(self, package: str) -> bool:
        """Tell whether the caller may see a package; of what is about none, what every other package is."""
        if self.caller is None or self.caller.may_see(package or EVERY_OTHER):
            return True
        return (self.default is Visibility.PUBLIC) != (package in self.exceptions)

    def name_for(self, package: str) -> str:
        """Return the package where it is seen, else the name that none can have: looking for either costs the same."""
        return package if self.sees(package) else NO_PACKAGE

    @property
    def sees_everything(self) -> bool:
        """Tell whether nothing at all is hidden from the caller."""
        if self.caller is None or self.caller.may_see_all:
            return True
        return self.default is Visibility.PUBLIC and not self.hidden

    @property
    def hidden(self) -> frozenset[str]:
        """Return the exceptions that the caller may not see."""
        return frozenset(package for package in self.exceptions if not self.sees(package))


async def sight_of(context: Context, caller: Caller | None) -> Sight:
    """Return what the caller may see now, of all packages."""
    default = visibility_in(await context.store.load([visibility_key(EVERY_OTHER)]), EVERY_OTHER)
    other = Visibility.PRIVATE if default is Visibility.PUBLIC else Visibility.PUBLIC
    exceptions: set[str] = set()
    after = None
    while caller is not None:
        rows = await context.store.find(VISIBLE, f"{other.value} ", after=after, limit=_PAGE)
        exceptions.update(row.value.partition(" ")[2] for row in rows)
        if len(rows) < _PAGE:
            break
        after = rows[-1]
    return Sight(caller=caller, default=default, exceptions=frozenset(exceptions))


async def may_see(context: Context, caller: Caller | None, package: str) -> bool:
    """Tell whether the caller may see one package now; of what is about none (empty), as of every other one."""
    name = package or EVERY_OTHER
    if caller is None or caller.may_see(name):
        return True
    snapshot = await context.store.load([visibility_key(name), visibility_key(EVERY_OTHER)])
    return visibility_in(snapshot, name) is Visibility.PUBLIC


async def seen_certificate(context: Context, caller: Caller | None, certificate_id: str) -> CertificateRecord:
    """Return a certificate that the caller may see; raise `NotFoundError` where there is none for them."""
    key = certificate_key(certificate_id)
    entity = entity_of(await context.store.load([key]), key)
    record = read_certificate(entity or a_certificate())
    if not await may_see(context, caller, record.package) or entity is None:
        raise missing(f"certificate {certificate_id[:40]}")
    return record
