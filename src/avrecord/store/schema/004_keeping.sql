-- Holds, what is about to expire, what expired, and bags of year's end. No earlier log states any of it.
CREATE TABLE holds (
    seq INTEGER PRIMARY KEY,
    clip_id TEXT,
    case_no TEXT,
    recorder TEXT,
    since TEXT,
    until TEXT,
    why TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    at TEXT NOT NULL,
    lifted_seq INTEGER,
    lifted_at TEXT,
    lifted_by TEXT,
    lifted_why TEXT
) STRICT;

CREATE TABLE expiry_lists (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    listed TEXT NOT NULL,
    clips INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;

CREATE TABLE expiry_listed (
    seq INTEGER NOT NULL,
    clip_id TEXT NOT NULL,
    until TEXT NOT NULL,
    rule TEXT NOT NULL,
    needs TEXT NOT NULL, -- reasons for a person, which a person who named the clip has seen
    PRIMARY KEY (clip_id, seq)
) STRICT;

CREATE TABLE expiry_undone (
    seq INTEGER PRIMARY KEY,
    clip_id TEXT NOT NULL,
    until TEXT NOT NULL,
    why TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX expiry_undone_by_clip ON expiry_undone (clip_id, seq);

-- Clips whose bytes the vault gave up by rule, and did not get again since.
CREATE TABLE expired (
    clip_id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    at TEXT NOT NULL,
    rule TEXT NOT NULL,
    due TEXT NOT NULL,
    listed INTEGER NOT NULL,
    by_whom TEXT NOT NULL
) STRICT;

CREATE TABLE archives (
    bag TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    unit TEXT NOT NULL,
    year INTEGER NOT NULL,
    clips INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    receipt TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    at TEXT NOT NULL,
    received_seq INTEGER,
    received_at TEXT,
    received_by TEXT,
    received_key TEXT,
    signature TEXT
) STRICT;
