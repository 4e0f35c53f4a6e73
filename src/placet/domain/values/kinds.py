"""The closed vocabularies of the protocol: modes, operation kinds, outcomes (contract 8)."""

from __future__ import annotations

from enum import StrEnum

from placet.errors import InvalidInputError


class Mode(StrEnum):
    """Whether a run may have effects. Any other spelling is refused when a value is built."""

    PROD = "prod"
    DRY_RUN = "dry_run"


def parse_mode(text: str) -> Mode:
    """Return the mode spelled exactly `text`, or raise `InvalidInputError` (`MODE_INVALID`)."""
    try:
        return Mode(text)
    except ValueError as error:
        raise InvalidInputError(
            "MODE_INVALID", f"{text[:40]!r} is no mode", hint="modes are prod and dry_run, in lower case"
        ) from error


class OperationKind(StrEnum):
    """What an operation does. Kinds in `CORE_KINDS` are performed in our own store."""

    PUBLISH_PACKAGE = "publish_package"
    PUT_OBJECT = "put_object"
    TAG_REPO = "tag_repo"
    PUBLISH_RELEASE = "publish_release"
    OPEN_PR = "open_pr"
    REGISTER_PACKAGE = "register_package"
    SET_STATUS = "set_status"
    ISSUE_CERTIFICATE = "issue_certificate"
    REVOKE_CERTIFICATE = "revoke_certificate"
    ACTIVATE_POLICY = "activate_policy"
    ENROL_PRINCIPAL = "enrol_principal"
    CHANGE_EXECUTOR = "change_executor"
    CHANGE_ROLE = "change_role"
    CHANGE_APPROVER_KEY = "change_approver_key"
    LIFT_FREEZE = "lift_freeze"
    CREATE_KEY = "create_key"
    CHANGE_TRUST = "change_trust"
    CHANGE_VISIBILITY = "change_visibility"


CORE_KINDS = frozenset(
    {
        OperationKind.REGISTER_PACKAGE,
        OperationKind.SET_STATUS,
        OperationKind.ISSUE_CERTIFICATE,
        OperationKind.REVOKE_CERTIFICATE,
        OperationKind.ACTIVATE_POLICY,
        OperationKind.ENROL_PRINCIPAL,
        OperationKind.CHANGE_EXECUTOR,
        OperationKind.CHANGE_ROLE,
        OperationKind.CHANGE_APPROVER_KEY,
        OperationKind.LIFT_FREEZE,
        OperationKind.CREATE_KEY,
        OperationKind.CHANGE_TRUST,
        OperationKind.CHANGE_VISIBILITY,
    }
)
"""Kinds that never reach the port: their change performs them (protocol 5)."""


GOVERNED_KINDS = CORE_KINDS - {
    OperationKind.REGISTER_PACKAGE,
    OperationKind.SET_STATUS,
    OperationKind.ISSUE_CERTIFICATE,
    OperationKind.REVOKE_CERTIFICATE,
}
"""Kinds that change who may say yes, or what may be done at all (protocol 6): no key or scope covers them."""


WRITTEN_ONCE = frozenset(
    {
        OperationKind.PUBLISH_PACKAGE,
        OperationKind.PUT_OBJECT,
        OperationKind.TAG_REPO,
        OperationKind.PUBLISH_RELEASE,
    }
)
"""Kinds whose effect at a provider is made once for its subject and stays; the others may be asked for again."""


class Visibility(StrEnum):
    """Who may see a package: everybody, or those whose scopes are about it (contract 1)."""

    PUBLIC = "public"
    PRIVATE = "private"


class OutcomeStatus(StrEnum):
    """What is known of an effect after it was attempted or looked up (protocol 5)."""

    EXECUTED = "executed"
    FAILED = "failed"
    INDETERMINATE = "indeterminate"
    CONFLICT = "conflict"
