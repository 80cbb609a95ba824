-- Clips that an object store acknowledged, and those that the bureau read back and signed for.
CREATE TABLE sent_clips (
    clip_id TEXT NOT NULL,
    store TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (clip_id, store)
) STRICT;

CREATE TABLE copy_receipts (
    receipt TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    store TEXT NOT NULL,
    key TEXT NOT NULL,
    clips INTEGER NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE TABLE copied (
    clip_id TEXT NOT NULL,
    key TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (clip_id, key)
) STRICT;
