-- Cases, their legs, and everything that is told about them. `words`, `input` and `key` are sealed (store/sealing.rs);
-- a `hash` is keyed: whoever reads this file finds no person in it, and cannot try numbers against it either.

-- The master keys that data keys are wrapped with: a probe that opens only with the right one.
CREATE TABLE master_keys (
    id TEXT NOT NULL PRIMARY KEY,
    probe BLOB NOT NULL
) STRICT;

-- Numbers that only grow: `event`, the place of an event in the feed, and `fence`, a claim's.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;
INSERT INTO counters (name, value) VALUES ('event', 0), ('fence', 0);

-- How often each node has started.
CREATE TABLE nodes (
    name TEXT NOT NULL PRIMARY KEY,
    boot INTEGER NOT NULL
) STRICT;

CREATE TABLE cases (
    id TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    chain TEXT NOT NULL,
    version INTEGER NOT NULL,
    opened_ms INTEGER NOT NULL,
    due_ms INTEGER,
    ended_ms INTEGER,
    master_key TEXT NOT NULL REFERENCES master_keys (id),
    key BLOB NOT NULL,
    input BLOB NOT NULL
) STRICT;
CREATE INDEX cases_of_client ON cases (client, id);
CREATE INDEX cases_due ON cases (due_ms) WHERE ended_ms IS NULL AND due_ms IS NOT NULL;

-- A leg, and its job: due at `turn_ms` unless somebody holds a lease on it.
CREATE TABLE legs (
    case_id TEXT NOT NULL REFERENCES cases (id),
    name TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    service TEXT NOT NULL,
    state TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    turn_ms INTEGER,
    fence INTEGER,
    lease_node TEXT,
    lease_boot INTEGER,
    lease_until_ms INTEGER,
    facts TEXT NOT NULL,
    words BLOB NOT NULL,
    PRIMARY KEY (case_id, name),
    CHECK ((fence IS NULL) = (lease_node IS NULL)),
    CHECK ((fence IS NULL) = (lease_until_ms IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX legs_due ON legs (turn_ms) WHERE turn_ms IS NOT NULL AND fence IS NULL;
CREATE INDEX legs_leased ON legs (lease_until_ms) WHERE fence IS NOT NULL;
CREATE INDEX legs_held ON legs (lease_node, lease_boot) WHERE fence IS NOT NULL;
CREATE INDEX legs_parked ON legs (state) WHERE state IN ('parked', 'uncertain', 'supplement');

CREATE TABLE events (
    seq INTEGER NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    client TEXT NOT NULL,
    version INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    leg TEXT NOT NULL,
    revision INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    was TEXT NOT NULL,
    became TEXT NOT NULL,
    why TEXT NOT NULL,
    words BLOB NOT NULL,
    UNIQUE (case_id, version, ordinal)
) STRICT;
CREATE INDEX events_of_client ON events (client, seq);

-- Idempotency keys, for the life of the case.
CREATE TABLE requests (
    hash BLOB NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    fingerprint BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_of_case ON requests (case_id);

-- What only one case may hold at a time.
CREATE TABLE holds (
    hash BLOB NOT NULL,
    case_id TEXT NOT NULL REFERENCES cases (id),
    held INTEGER NOT NULL,
    PRIMARY KEY (hash, case_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX holds_held ON holds (hash) WHERE held = 1;
CREATE INDEX holds_of_case ON holds (case_id);

-- Agencies' messages that were taken.
CREATE TABLE messages (
    hash BLOB NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_of_case ON messages (case_id);

-- Every reference finds the case; `leg` is empty where it is the case's own.
CREATE TABLE case_references (
    hash BLOB NOT NULL,
    case_id TEXT NOT NULL REFERENCES cases (id),
    leg TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (hash, case_id, leg, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX references_of_case ON case_references (case_id);
