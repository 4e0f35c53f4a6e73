"""What a client has of the machine that it runs on: keys are made and used there, and nowhere else."""

from __future__ import annotations

from msgspec import Struct

from placet.ports.approval_signer import ApprovalSigner
from placet.ports.keys import KeyMaker
from placet.ports.plan_files import PlanFiles
from placet.ports.world import Clock


class Tools(Struct, frozen=True, kw_only=True):
    """What signs approvals, makes keys for certificates, reads plan files, and tells the time."""

    signer: ApprovalSigner
    key_maker: KeyMaker
    plan_files: PlanFiles
    clock: Clock
