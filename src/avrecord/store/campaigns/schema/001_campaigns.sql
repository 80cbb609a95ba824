-- A campaign is asked for by a person or by the service, in chunks that can be done anywhere and twice.
CREATE TABLE campaigns (
    campaign TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    store TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    state TEXT NOT NULL, -- running, paused, cancelled
    clips INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    chunks INTEGER NOT NULL
) STRICT;

CREATE TABLE chunks (
    campaign TEXT NOT NULL,
    number INTEGER NOT NULL,
    station TEXT NOT NULL,
    items TEXT NOT NULL, -- JSON: clip, leaf, stored path, size of each
    state TEXT NOT NULL, -- waiting, done
    in_hand TEXT, -- the clip that a worker began and did not finish
    attempts INTEGER NOT NULL, -- workers that died with it in hand
    worker TEXT,
    begun_at TEXT,
    done_at TEXT,
    receipt TEXT,
    PRIMARY KEY (campaign, number)
) STRICT;
CREATE INDEX chunks_waiting ON chunks (campaign, state, number);
CREATE INDEX chunks_without_receipt ON chunks (state, receipt);

CREATE TABLE results (
    campaign TEXT NOT NULL,
    station TEXT NOT NULL,
    clip_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    stored TEXT NOT NULL,
    finding TEXT NOT NULL,
    detail TEXT NOT NULL,
    found TEXT,
    size INTEGER NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (campaign, station, clip_id)
) STRICT;
CREATE INDEX results_of_chunk ON results (campaign, number);

-- The upload of a station up to which its clips are in some campaign.
CREATE TABLE reached (
    station TEXT NOT NULL,
    store TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (station, store)
) STRICT;
