-- The ledger. `nodes` holds the hashes of all perfect subtrees that the entry completes, from its
-- leaf upwards, 32 bytes each: the hash of level L and number K stands with entry ((K+1) << L) - 1.
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY,
    nodes BLOB NOT NULL,
    content BLOB NOT NULL
) STRICT;

-- Where the next entry is appended. One row.
CREATE TABLE head (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    size INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    leaf BLOB NOT NULL,
    frontier BLOB NOT NULL
) STRICT;

-- Size and root after each group, so that its checkpoint can be signed again.
CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY,
    root BLOB NOT NULL
) STRICT;

-- The newest state; `revision` is the sequence number of the entry that vouches for the row.
CREATE TABLE entity (
    key TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    content BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE once (
    key TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How people find entities: a pure function of their content.
CREATE TABLE index_row (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (name, value, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE detached (
    digest TEXT PRIMARY KEY,
    content BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Here, and only here, absent is no finding.
CREATE TABLE erasable (
    digest TEXT PRIMARY KEY,
    content BLOB NOT NULL
) STRICT, WITHOUT ROWID;
