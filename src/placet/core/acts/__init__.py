"""Core operations: what our own store performs, one module per kind (protocol 5).

Each act names the entities it rests on and returns what it writes; `core.perform` puts the
checks and the receipt around it, in the same commit.
"""

from __future__ import annotations

from collections.abc import Mapping

from placet.core.acts import (
    activate_policy,
    change_approver_key,
    change_executor,
    change_role,
    change_trust,
    change_visibility,
    create_key,
    enrol_principal,
    issue_certificate,
    lift_freeze,
    register_package,
    revoke_certificate,
    set_status,
)
from placet.core.acts.act import Act
from placet.domain.values.kinds import OperationKind

ACTS: Mapping[OperationKind, Act] = {
    OperationKind.ISSUE_CERTIFICATE: issue_certificate.ACT,
    OperationKind.REVOKE_CERTIFICATE: revoke_certificate.ACT,
    OperationKind.REGISTER_PACKAGE: register_package.ACT,
    OperationKind.SET_STATUS: set_status.ACT,
    OperationKind.ACTIVATE_POLICY: activate_policy.ACT,
    OperationKind.ENROL_PRINCIPAL: enrol_principal.ACT,
    OperationKind.CHANGE_EXECUTOR: change_executor.ACT,
    OperationKind.CHANGE_ROLE: change_role.ACT,
    OperationKind.CHANGE_APPROVER_KEY: change_approver_key.ACT,
    OperationKind.LIFT_FREEZE: lift_freeze.ACT,
    OperationKind.CREATE_KEY: create_key.ACT,
    OperationKind.CHANGE_TRUST: change_trust.ACT,
    OperationKind.CHANGE_VISIBILITY: change_visibility.ACT,
}
