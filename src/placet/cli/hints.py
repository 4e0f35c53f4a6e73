"""What to do next where whoever failed had nothing more exact to say: one hint for each code.

A code that blocks a run has its steps in `placet.domain.authorization.explanations`, every other
one stands here, none in both: a test says so. RUN, NAME, FILE and DIR stand for what the reader knows.
"""

from __future__ import annotations

from collections.abc import Mapping

from placet.domain.authorization.explanations import EXPLANATIONS
from placet.errors import PlacetError, VerificationError

_BUNDLE = "do not rely on it; get the bundle again from who published, and tell them if that one fails too"
_CERTIFICATE = "do not rely on it; ask who issued it for the certificate as it was given out"
_LEDGER = "see what the ledger proves: placet ledger verify"
_RESTORE = "bring back the home's newest backup, then: placet ledger verify"
_KEYS = "bring the key folder of this home back from its backup"
_PERMISSIONS = "see who may read and write there: ls -ld on the file and its folder"
_ROOM = "make room on the disk, see who may write there, then run the same command again"
_AGAIN = "run the same command again"
_LOOK_AT_GITHUB = "look who wrote there; then deny the run and plan again: placet deny RUN --as person:NAME --key FILE"
_CHECK_POLICY = "correct what is named, then: placet policy check FILE; placet policy example shows a whole one"
_WHOLE_FILE = "give the file as it was written, whole and unchanged"
_RANGE = "see how long the ledger is: placet ledger show"
_PACK = "pack it again from its folder: npm pack --ignore-scripts"
_REGISTRIES = "see what there is: placet provider list"
_PRINCIPALS = "see who is enrolled: placet principal list"

HINTS: Mapping[str, str] = {
    # the command line, its files and its settings
    "CONFIRMATION_MISSING": "read the plan with placet plan show RUN, then give --yes",
    "CURSOR_INVALID": "leave --after out to begin with the first page",
    "FILE_UNREADABLE": "give the path of a file that you may read: ls -l shows",
    "FILE_UNWRITABLE": "name a new file in a folder that you may write to",
    "NOT_FOUND": "look for its id: placet search, or the list command beside the one you ran",
    "OUTPUT_FAILED": "see that standard output and standard error can be written, then look: placet run list",
    "PATH_INVALID": "give a package folder that has a package.json, or a tarball made by npm pack",
    "QUERY_INVALID": "search for a word of it, such as a package name: placet search tool",
    "SECRET_FILE_UNREADABLE": "see that the file is there, that you may read it, and that it is short plain text",
    "SETTING_INVALID": "correct the variable, or unset it to use the default: docs/settings.md",
    "SYSTEM_REFUSED": "see to what the system says about files, permissions or limits, then run placet doctor",
    "TIME_INVALID": "write it in UTC with milliseconds, as 2026-01-31T12:00:00.000Z",
    # requests over HTTP
    "ADDRESS_UNUSABLE": "choose another --port, or end what listens there",
    "BODY_INVALID": "send one JSON object as /openapi.json describes it",
    "BODY_TIMEOUT": "send the whole body without a pause",
    "BODY_TOO_LARGE": "send less; archives are uploaded by digest",
    "CERTIFICATE_NOT_FOUND": "compare the id with the one that was issued",
    "CHITTY_ID_INVALID": "compare it with the one that was minted, character by character",
    "CREDENTIALS_CONFLICT": "send one of X-API-Key and Authorization, or the same key in both",
    "EVENT_INVALID": "send a type of GET /chronicle, or one of a-z, 0-9, '_' and '.', with package and version",
    "INVALID_HASH": "send the SHA-256 of the content as sha256: and 64 lower-case hex digits",
    "INVALID_SIGNATURE": _CERTIFICATE,
    "HEADERS_TIMEOUT": "send the whole head of the request without a pause",
    "HEADERS_TOO_LARGE": "send fewer and shorter headers: cookies and proxies' headers are not read here",
    "MEDIA_TYPE_UNSUPPORTED": "send content-type: application/json",
    "METHOD_NOT_ALLOWED": "use a method that the answer's Allow header names",
    "MISSING_REASON": "say why: key_compromise, superseded, cessation_of_operation or unspecified",
    "REPLAY_DETECTED": "make a new nonce for each request",
    "TIMESTAMP_OUT_OF_RANGE": "send the present time in Unix milliseconds, and set the clock",
    "VISIBILITY_INVALID": "see what is said now: placet package visibility",
    "STATUS_INVALID": "say certified, published, deprecated or unpublished",
    "MISSING_REPLAY_PROTECTION": "send timestamp (Unix milliseconds) and a nonce that is used once",
    "MISSING_REQUIRED_FIELDS": "send what the message names; /openapi.json describes the body",
    "PATH_TOO_LONG": "shorten the path: no name that is taken here is that long",
    "REQUEST_MALFORMED": "send one well-formed HTTP/1.1 request at a time, with one Host header",
    "SCOPE_INVALID": "write VERB=PATTERN, as registry:write=@acme/*",
    "TLS_REQUIRED": "give --tls-cert and --tls-key, or --behind-proxy where a proxy in front speaks TLS",
    "TLS_UNUSABLE": "give a certificate chain in PEM with --tls-cert, and its unencrypted key with --tls-key",
    "API_KEY_INVALID": "look for a line break or a blank in PLACET_API_KEY, or in the file that it names",
    "API_KEY_MISSING": "set PLACET_API_KEY_FILE to a file that holds the key, or PLACET_API_KEY to the key",
    "SERVER_ANSWER_INVALID": "see that the server's address is that of the service itself, and what stands between",
    "SERVER_ANSWER_LOST": "run the same command again: what was done is not done twice",
    "WORKER_ENDED": "see what the worker said, then start the service again; what it acknowledged is kept",
    "SERVER_CANNOT": "run it where the installation is, without --server and PLACET_SERVER",
    "SERVER_FAILED": "give the request id to whoever runs the service: its log tells more under it",
    "SERVER_INVALID": "give it as https://HOST or https://HOST:PORT; http:// is for loopback only",
    "SERVER_UNREACHABLE": "see that the service runs, and that this machine reaches it",
    "BALLOT_MISMATCH": "sign nothing; tell whoever runs the service, and ask who planned it for the phrase of the plan",
    "UPLOADS_FULL": "finish an upload that was begun, or wait a day until it is forgotten",
    "UPLOAD_OFFSET": "ask where the upload stands, and go on from there: GET /api/v1/artifacts/DIGEST",
    "UNSUPPORTED_CERTIFICATE_TYPE": "ask for the type package",
    # the installation
    "ANCHOR_INSIDE_HOME": "set PLACET_ANCHOR to a folder outside the home",
    "ANCHOR_NOT_MISSING": "adopt nothing: the anchor is there; see whether all is well: placet doctor",
    "ARTIFACT_MISSING": "upload it first, as whoever asks: PUT /api/v1/artifacts/DIGEST",
    "BLOBS_UNAVAILABLE": _ROOM,
    "BLOB_CORRUPT": "bring the file back from the home's backup, then: placet ledger verify",
    "BLOB_MISSING": "bring the file back from the home's backup, then: placet ledger verify",
    "BUSY": _AGAIN,
    "CHECKPOINT_KEY_MISMATCH": _KEYS,
    "CONFLICT": _AGAIN,
    "HOME_EXISTS": "give another folder with --home",
    "HOME_MISSING": "make one with placet init, or give --home DIR",
    "HOME_UNWRITABLE": "give a folder that you may write to with --home",
    "INSTALLATION_NAME_INVALID": "give up to 40 letters, digits, '.' and '-', beginning with a letter or digit",
    "KEY_EXISTS": "use the key that stands there, or make the installation in another folder",
    "KEY_FILE_DAMAGED": _KEYS,
    "KEY_FILE_EXPOSED": "take the others' rights away with chmod 600, and ask who could have read it",
    "KEY_FILE_UNREADABLE": "see that the file is a key of yours, and that you may read it: ls -l shows",
    "KEY_FILE_UNWRITABLE": _ROOM,
    "KEY_MISSING": _KEYS,
    "LEDGER_CONTRADICTED": "publish nothing from this home; keep a copy of it, and compare it with a backup",
    "LEDGER_CORRUPT": _LEDGER,
    "LEDGER_EXISTS": "give another folder with --home: a ledger is never replaced",
    "LEDGER_NOT_FOUND": "give the home that has the ledger with --home, or make one with placet init",
    "PASSPHRASE_MISSING": "set PLACET_PASSPHRASE_FILE to a file that holds it",
    "PASSPHRASE_WRONG": "correct what PLACET_PASSPHRASE or PLACET_PASSPHRASE_FILE gives",
    "SCHEMA_UNKNOWN": "use the newest Placet that wrote to this home",
    "SEEN_UNREADABLE": _PERMISSIONS,
    "UNHEALTHY": "do what stands after `next:`, then run placet doctor again",
    # the ledger
    "CHANGE_INVALID": "split what was asked for into smaller parts",
    "CHECKPOINT_INVALID": "give a checkpoint of this log: placet ledger show --checkpoint prints the newest",
    "CHECKPOINT_KEY_INVALID": "give the verifier key line as placet ledger show prints it",
    "CHECKPOINT_NOT_FOUND": "give a size that a checkpoint was made at, or leave --size out for the newest",
    "DETACHED_NOT_FOUND": _RESTORE,
    "ENTRY_DATA_MALFORMED": _LEDGER,
    "ENTRY_MALFORMED": _LEDGER,
    "ENTRY_NOT_FOUND": _RANGE,
    "ORIGIN_INVALID": "name the origin that placet ledger show prints",
    "ORIGIN_MISMATCH": "name the origin that placet ledger show prints",
    "PROOF_INVALID": _BUNDLE,
    "PROOF_OUT_OF_RANGE": _RANGE,
    # principals and keys
    "ACCOUNT_IN_USE": _PRINCIPALS,
    "DENIAL_INVALID": "deny again with your own key: placet deny RUN --as person:NAME --key FILE",
    "ISSUER_INVALID": "see what an issuer's record takes: placet issuer add --help",
    "KEY_INVALID": "give the .pub file of an Ed25519, ECDSA or RSA key: ssh-keygen -t ed25519 makes one",
    "PRINCIPAL_EXISTS": "add the key to who is enrolled: placet principal key add",
    "PRINCIPAL_INVALID": "write it as person:NAME, ci:NAME, service:NAME or agent:NAME",
    "REQUESTER_MISSING": "give --as person:NAME, or set PLACET_PRINCIPAL",
    "SIGNING_FAILED": "try the key by hand: ssh-keygen -Y sign -f KEY -n test FILE",
    # policies, plans and runs
    "FREEZE_INVALID": "see what is frozen: placet freeze list",
    "MODE_INVALID": "name a run of the other mode: placet run list shows them",
    "PHRASE_MISMATCH": "compare the words with who asked: placet plan show RUN prints them",
    "PLAN_FILE_INVALID": "correct what is named, then: placet plan create FILE --dry-run",
    "PLAN_INVALID": "correct what is named, then ask again, first with --dry-run",
    "PLAN_MISSING": "run the command that asked for it once more: it goes on from here",
    "POLICY_INVALID": _CHECK_POLICY,
    # providers and what stands there
    "ASSET_CONFLICT": _LOOK_AT_GITHUB,
    "PROVIDER_INVALID": "see what a provider takes: placet provider add --help",
    "PROVIDER_MISSING": "add one: placet provider add npm --kind npm --url URL",
    "PROVIDER_RATE_LIMITED": "wait until the provider takes requests again, then: placet run resume RUN",
    "PULL_CONFLICT": _LOOK_AT_GITHUB,
    "REGISTRY_UNKNOWN": "give the address with --url",
    "RELEASE_CONFLICT": _LOOK_AT_GITHUB,
    "STORE_UNKNOWN": _REGISTRIES,
    "TAG_ABSENT": "plan the tag before its release, or push it, then: placet run resume RUN",
    "TAG_CONFLICT": _LOOK_AT_GITHUB,
    "TAG_SHA_DIFFERS": "take blank lines and blanks off the end of the tag's message, then plan again",
    # packages
    "ARTIFACT_AMBIGUOUS": _PACK,
    "ARTIFACT_TOO_LARGE": "leave out of package.json's files what users do not need, then pack it again",
    "ARTIFACT_UNSAFE": _PACK,
    "DIST_TAG_INVALID": "give a word with --tag, for example next",
    "DIST_TAG_MISSING": "give --tag next",
    "MANIFEST_MISMATCH": "give the archive of the package and version that was asked for",
    "METADATA_INVALID": "give the block as placet package inspect --json prints it",
    "NAME_CONFUSABLE": "choose a name that cannot be mistaken for the other",
    "PACKAGE_PRIVATE": "take private out of package.json if it is to be published",
    "NPM_MISSING": "install Node.js with npm, or give the tarball instead of the folder",
    "PACK_FAILED": "see what npm says in that folder: npm pack --ignore-scripts",
    "PUBLISH_CONFIG_DIFFERS": "make publishConfig in package.json say what you ask for, or take it out",
    "STAMP_NOT_CANONICAL": "do not trust this block; get the package again from its registry",
    "STAMP_REFUSED": "see what the package holds: placet package inspect",
    "VERSION_INVALID": "write MAJOR.MINOR.PATCH or MAJOR.MINOR.PATCH-WORD.NUMBER",
    # certificates
    "CA_EXPIRED": "make a new installation with placet init; this one verifies, but issues no certificates",
    "CERTIFICATE_INVALID_CHAIN": _CERTIFICATE,
    "CERTIFICATE_MALFORMED": _CERTIFICATE,
    "CERTIFICATE_NOT_YET_VALID": "compare this machine's clock with the moment at which it begins",
    "CERTIFICATE_UNTRUSTED": "verify with the trust root of the installation that issued it: --trust-root FILE",
    "CSR_MALFORMED": "make a new request: openssl req -new -key KEY -subj /CN=NAME",
    "CSR_SIGNATURE_INVALID": "make the request again, signed with the key that it is for",
    "PEM_INVALID": "give a file that begins with -----BEGIN CERTIFICATE REQUEST-----, as openssl req -new writes it",
    "REASON_INVALID": "see the reasons: placet certificate revoke --help",
    "TAR_SHA256_INVALID": "give the package itself with --archive, which computes it",
    # evidence
    "APPROVALS_MISMATCH": _BUNDLE,
    "BUNDLE_MALFORMED": "give a bundle as placet run evidence writes it, whole and unchanged",
    "DIGEST_INVALID": "write sha256: and 64 lower-case hex digits: placet package inspect prints them",
    "DIGEST_MISMATCH": "do not install it: what you hold is not what was published; get it again and compare",
    "ENVELOPE_MALFORMED": _BUNDLE,
    "EVIDENCE_MISSING": "get the whole bundle from who published: placet run evidence RUN writes it",
    "EVIDENCE_UNWRITABLE": _ROOM,
    "NOT_PUBLISHED": "see how far the run is: placet run show RUN",
    "REVOCATION_LIST_MALFORMED": "get a list as placet certificate revocations writes it",
    "REVOCATION_MALFORMED": _BUNDLE,
    "REVOCATION_STALE": "get the newest list from the installation: placet certificate revocations",
    "STATEMENT_MALFORMED": _BUNDLE,
    "TRUST_ROOT_INVALID": "give the trust root as the installation wrote it, from a source that you trust",
    # encodings: a file that a program wrote and something changed
    "BASE64_INVALID": _WHOLE_FILE,
    "JSON_INVALID": _WHOLE_FILE,
    "JSON_NOT_CANONICAL": _WHOLE_FILE,
}
"""Every code that blocks nothing: what blocks is explained elsewhere."""


def default_hint(code: str) -> str:
    """Return what to do next about `code`; an empty text for a code that is not known here."""
    if code in HINTS:
        return HINTS[code]
    return EXPLANATIONS[code].next_steps[0] if code in EXPLANATIONS else ""


def hint_for(error: PlacetError) -> str:
    """Return the hint of a failure: its own, or else the default of its code.

    What blocks a run also fails evidence about one that ended long ago: there is nothing to resume there.
    """
    if error.hint:
        return error.hint
    if isinstance(error, VerificationError) and error.code not in HINTS:
        return _BUNDLE
    return default_hint(error.code) or "look the code up in docs/reference/codes.md"
