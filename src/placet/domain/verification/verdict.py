"""What a verification says: a verdict with what was proven, or the first step that failed and why (protocol 8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ParamSpec, TypeVar

from msgspec import Struct

from placet.domain.authorization.break_glass import BrokenGlass
from placet.domain.certificate.revocation import Revocation
from placet.domain.values.digest import Digest
from placet.domain.values.npm import PackageName, Version
from placet.errors import InvalidInputError, PlacetError, VerificationError

P = ParamSpec("P")
R = TypeVar("R")

STEPS = {
    1: "form of the bundle",
    2: "checkpoint of the log",
    3: "inclusion of every entry",
    4: "list of revocations",
    5: "executed receipt",
    6: "certificate chain at that time",
    7: "signed statement",
    8: "same package, version and bytes everywhere",
    9: "policy, approvals and receipts",
    10: "revocation",
    11: "nothing left over",
}
"""The steps of a verification, in order; the first that fails decides."""


class Verdict(Struct, frozen=True, kw_only=True):
    """A publication that is proven: what was published when, on whose yes, and as of when nothing speaks against it.

    `published_at` is the log's time of the executed receipt. The verdict holds as of checkpoint
    `size` of the log `origin`; revocations are known up to `revocations_known_to`, from the list
    of the `revocations_from`. `revocation` is
    one of this certificate that came later and leaves the publication standing, else None.
    `approvers` are (principal, assurance), sorted; `glass` is what they waived under break-glass, else None.
    """

    package: PackageName
    version: Version
    sha256: str
    sha512: str
    tar_sha256: str
    certificate_id: str
    certificate_fingerprint: Digest
    run_id: str
    receipts: tuple[str, ...]
    approvers: tuple[tuple[str, int], ...]
    glass: BrokenGlass | None
    requester: str
    policy_version: str
    published_at: datetime
    origin: str
    size: int
    revocations_known_to: datetime
    revocations_from: str
    revocation: Revocation | None
    steps: Mapping[str, str]


class VerdictError(VerificationError):
    """A step failed. `steps` maps the name of every step to pass, fail or not_evaluated."""

    def __init__(self, cause: PlacetError, step: int, steps: Mapping[str, str]) -> None:
        """Keep the cause's code, sentence and hint; what is malformed is `BUNDLE_MALFORMED`."""
        code = "BUNDLE_MALFORMED" if isinstance(cause, InvalidInputError) else cause.code
        super().__init__(code, f"{cause.message} (step {step}: {STEPS[step]})", hint=cause.hint)
        self.step = step
        self.steps = steps


class Progress:
    """Runs the steps one by one and remembers what became of each."""

    def __init__(self) -> None:
        """Start with nothing evaluated."""
        self._results = dict.fromkeys(STEPS.values(), "not_evaluated")

    @property
    def results(self) -> Mapping[str, str]:
        """Return pass, fail or not_evaluated for every step's name."""
        return dict(self._results)

    def run(self, step: int, check: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what `check` returns, or raise `VerdictError` where it refuses."""
        try:
            result = check(*args, **kwargs)
        except PlacetError as error:
            self._results[STEPS[step]] = "fail"
            raise VerdictError(error, step, self.results) from error
        self._results[STEPS[step]] = "pass"
        return result
