//! The statements, in the words that SQLite and PostgreSQL share: `$1 …` in the order in which they first appear.
//!
//! What only one of them understands (claiming a job) stands in `claim.rs`, the tables in `migrations/`.

pub const RAISE: &str = "UPDATE counters SET value = value + $1 WHERE name = $2 RETURNING value";

pub const ENLIST: &str = "INSERT INTO nodes (name, boot) VALUES ($1, 1)
    ON CONFLICT (name) DO UPDATE SET boot = nodes.boot + 1 RETURNING boot";

pub const MASTER_KEY: &str = "SELECT probe FROM master_keys WHERE id = $1";
pub const MASTER_KEYS: &str = "SELECT id FROM master_keys ORDER BY id";
pub const ADD_MASTER_KEY: &str = "INSERT INTO master_keys (id, probe) VALUES ($1, $2)";

pub const REQUEST: &str = "SELECT case_id, fingerprint FROM requests WHERE hash = $1";
pub const ADD_REQUEST: &str = "INSERT INTO requests (hash, case_id, fingerprint) VALUES ($1, $2, $3)";

pub const HOLDER: &str = "SELECT case_id FROM holds WHERE hash = $1 AND held = 1";
pub const ADD_HOLD: &str =
    "INSERT INTO holds (hash, case_id, held) VALUES ($1, $2, 1) ON CONFLICT (hash, case_id) DO NOTHING";
pub const LET_GO: &str = "UPDATE holds SET held = 0 WHERE case_id = $1 AND held = 1";
pub const HOLD_AGAIN: &str = "UPDATE holds SET held = 1 WHERE case_id = $1 AND held = 0
    AND NOT EXISTS (SELECT 1 FROM holds AS other WHERE other.hash = holds.hash AND other.held = 1)";

pub const ADD_MESSAGE: &str =
    "INSERT INTO messages (hash, case_id) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING";

pub const ADD_REFERENCE: &str = "INSERT INTO case_references (hash, case_id, leg, kind)
    VALUES ($1, $2, $3, $4) ON CONFLICT (hash, case_id, leg, kind) DO NOTHING";

pub const CASE: &str =
    "SELECT client, chain, version, opened_ms, ended_ms, key, input FROM cases WHERE id = $1";
pub const SUMMARY: &str =
    "SELECT client, chain, version, opened_ms, due_ms, ended_ms FROM cases WHERE id = $1";
pub const KEY: &str = "SELECT key FROM cases WHERE id = $1";
pub const ADD_CASE: &str = "INSERT INTO cases
    (id, client, chain, version, opened_ms, due_ms, ended_ms, master_key, key, input)
    VALUES ($1, $2, $3, $4, $5, NULL, $6, $7, $8, $9)";
pub const CHANGE_CASE: &str = "UPDATE cases SET version = $1, ended_ms = $2 WHERE id = $3";
pub const CHANGE_INPUT: &str = "UPDATE cases SET input = $1 WHERE id = $2";
pub const SET_DUE: &str = "UPDATE cases SET due_ms = $1 WHERE id = $2";

pub const LEGS: &str = "SELECT name, service, state, since_ms, turn_ms, facts, words FROM legs
    WHERE case_id = $1 ORDER BY ordinal";
pub const ADD_LEG: &str = "INSERT INTO legs
    (case_id, name, ordinal, service, state, since_ms, turn_ms, facts, words)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
pub const CHANGE_LEG: &str =
    "UPDATE legs SET service = $1, state = $2, since_ms = $3, turn_ms = $4, facts = $5
    WHERE case_id = $6 AND name = $7";
pub const CHANGE_WORDS: &str = "UPDATE legs SET words = $1 WHERE case_id = $2 AND name = $3";

pub const FENCE: &str = "SELECT fence FROM legs WHERE case_id = $1 AND name = $2";
pub const LEASE: &str = "UPDATE legs SET fence = $1, lease_node = $2, lease_boot = $3, lease_until_ms = $4
    WHERE case_id = $5 AND name = $6";
pub const GIVE_BACK: &str = "UPDATE legs
    SET fence = NULL, lease_node = NULL, lease_boot = NULL, lease_until_ms = NULL
    WHERE case_id = $1 AND name = $2 AND fence = $3";

pub const ADD_EVENT: &str = "INSERT INTO events
    (seq, case_id, client, version, ordinal, leg, revision, at_ms, was, became, why, words)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

pub const LEG_STATES: &str =
    "SELECT name, service, state, since_ms FROM legs WHERE case_id = $1 ORDER BY ordinal";

/// Lists of cases: the last parameters are the case to go on after, and how many.
pub const LIST_ALL: &str = "SELECT id FROM cases WHERE id > $1 ORDER BY id LIMIT $2";
pub const LIST_OF_CLIENT: &str = "SELECT id FROM cases WHERE client = $1 AND id > $2 ORDER BY id LIMIT $3";
pub const LIST_BY_REFERENCE: &str = "SELECT DISTINCT cases.id FROM case_references
    JOIN cases ON cases.id = case_references.case_id
    WHERE case_references.hash = $1 AND ($2 = '' OR cases.client = $2) AND cases.id > $3
    ORDER BY cases.id LIMIT $4";
pub const LIST_OVERDUE: &str = "SELECT id FROM cases
    WHERE ended_ms IS NULL AND due_ms IS NOT NULL AND due_ms < $1 AND ($2 = '' OR client = $2) AND id > $3
    ORDER BY id LIMIT $4";
pub const LIST_ATTENTION: &str = "SELECT DISTINCT cases.id FROM legs JOIN cases ON cases.id = legs.case_id
    WHERE legs.state IN ('parked', 'uncertain') AND ($1 = '' OR cases.client = $1) AND cases.id > $2
    ORDER BY cases.id LIMIT $3";

pub const HISTORY: &str =
    "SELECT seq, case_id, version, ordinal, leg, revision, at_ms, was, became, why, words
    FROM events WHERE case_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
pub const FEED_ALL: &str =
    "SELECT seq, case_id, version, ordinal, leg, revision, at_ms, was, became, why, words
    FROM events WHERE seq > $1 ORDER BY seq LIMIT $2";
pub const FEED_OF_CLIENT: &str =
    "SELECT seq, case_id, version, ordinal, leg, revision, at_ms, was, became, why, words
    FROM events WHERE client = $1 AND seq > $2 ORDER BY seq LIMIT $3";

pub const NEXT_TURN: &str = "SELECT MIN(turn_ms) FROM legs WHERE turn_ms IS NOT NULL AND fence IS NULL";
pub const NEXT_LAPSE: &str = "SELECT MIN(lease_until_ms) FROM legs WHERE fence IS NOT NULL";
