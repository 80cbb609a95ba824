-- The index of one station. Everything here follows from the log and its attachments.
-- Times are TEXT, UTC, `YYYY-MM-DDTHH:MM:SS.ffffffZ`; days are local `YYYY-MM-DD`; spans are ms.

CREATE TABLE statements (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    by_whom TEXT NOT NULL
) STRICT;

CREATE TABLE dockings (
    docking TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    recorder TEXT NOT NULL,
    profile TEXT NOT NULL,
    volume TEXT NOT NULL,
    manifest TEXT NOT NULL,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    offset_ms INTEGER,
    uncertainty_ms INTEGER,
    clock_method TEXT,
    battery_percent INTEGER,
    facts TEXT -- attachment: every clock reading, logs, tracks, oddities
) STRICT;
CREATE INDEX dockings_by_recorder ON dockings (recorder, seen_at);
CREATE INDEX dockings_by_volume ON dockings (volume, seq);

CREATE TABLE clips (
    clip_id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    sealed_at TEXT NOT NULL,
    size INTEGER NOT NULL,
    docking TEXT NOT NULL,
    recorder TEXT NOT NULL,
    name TEXT NOT NULL,
    stored TEXT NOT NULL,
    media TEXT NOT NULL,
    claimed_start TEXT,
    true_start TEXT,
    offset_ms INTEGER NOT NULL,
    uncertainty_ms INTEGER NOT NULL,
    user_no TEXT,
    sequence_no INTEGER,
    important INTEGER NOT NULL,
    read_back TEXT NOT NULL,
    set_aside TEXT,
    duration_ms INTEGER,
    day TEXT NOT NULL, -- local day of the true start, of the sealing where no start is known
    claim_doubt TEXT -- why the claimed start cannot be true
) STRICT;
CREATE INDEX clips_by_time ON clips (recorder, true_start);
CREATE INDEX clips_by_seal ON clips (seq);

CREATE TABLE sources (
    recorder TEXT NOT NULL,
    path_raw TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime TEXT NOT NULL,
    clip_id TEXT NOT NULL,
    docking TEXT NOT NULL,
    PRIMARY KEY (recorder, path_raw, size, mtime, clip_id)
) STRICT;
CREATE INDEX sources_by_clip ON sources (clip_id);

CREATE TABLE removed_early (
    seq INTEGER PRIMARY KEY,
    docking TEXT NOT NULL,
    recorder TEXT NOT NULL,
    files INTEGER NOT NULL
) STRICT;

-- Cards whose recorder's copies may be wiped, and what was wiped since.
CREATE TABLE releases (
    seq INTEGER PRIMARY KEY,
    docking TEXT NOT NULL,
    recorder TEXT NOT NULL,
    rule TEXT NOT NULL,
    receipt TEXT NOT NULL,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    by_whom TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX releases_by_docking ON releases (docking);

CREATE TABLE removals (
    seq INTEGER PRIMARY KEY,
    clip_id TEXT NOT NULL,
    place TEXT NOT NULL,
    docking TEXT NOT NULL,
    path_raw TEXT NOT NULL,
    rule TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX removals_by_clip ON removals (clip_id);

CREATE TABLE examinations (
    clip_id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    examined_at TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    attempt INTEGER NOT NULL,
    checks TEXT NOT NULL,
    looked TEXT NOT NULL,
    listened TEXT NOT NULL,
    heard TEXT NOT NULL, -- spans of ms, `0-60000 90000-120000`
    unheard TEXT,
    tier TEXT NOT NULL, -- 'fast' while the thorough look is still to come
    dense_to_ms INTEGER,
    longest_gap_ms INTEGER,
    light TEXT,
    light_share INTEGER, -- of the key frames, per mille
    video_codec TEXT,
    width INTEGER,
    height INTEGER,
    digest TEXT NOT NULL
) STRICT;
CREATE INDEX examinations_by_seq ON examinations (seq);
CREATE INDEX examinations_fast ON examinations (clip_id) WHERE tier = 'fast';

CREATE TABLE observations (
    clip_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    segment TEXT NOT NULL,
    check_version TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    score INTEGER NOT NULL,
    words TEXT NOT NULL,
    evidence TEXT,
    doubtful INTEGER NOT NULL,
    PRIMARY KEY (clip_id, n)
) STRICT;

CREATE TABLE faults (
    clip_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    kind TEXT NOT NULL,
    check_version TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (clip_id, n)
) STRICT;

CREATE TABLE stages (
    case_no TEXT NOT NULL,
    stage_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    case_kind TEXT NOT NULL,
    stage TEXT NOT NULL,
    unit TEXT NOT NULL,
    starts TEXT NOT NULL,
    ends TEXT NOT NULL,
    place TEXT NOT NULL,
    party TEXT NOT NULL,
    PRIMARY KEY (case_no, stage_id)
) STRICT;
CREATE INDEX stages_by_time ON stages (starts);
CREATE INDEX stages_by_unit ON stages (unit, starts);

CREATE TABLE stage_officers (
    case_no TEXT NOT NULL,
    stage_id TEXT NOT NULL,
    officer TEXT NOT NULL,
    PRIMARY KEY (case_no, stage_id, officer)
) STRICT;

CREATE TABLE links (
    case_no TEXT NOT NULL,
    stage_id TEXT NOT NULL,
    clip_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    method TEXT NOT NULL,
    overlap_ms INTEGER NOT NULL,
    uncertainty_ms INTEGER NOT NULL,
    PRIMARY KEY (case_no, stage_id, clip_id)
) STRICT;
CREATE INDEX links_by_clip ON links (clip_id);

CREATE TABLE unlinked (
    case_no TEXT NOT NULL,
    stage_id TEXT NOT NULL,
    clip_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    by_whom TEXT NOT NULL,
    PRIMARY KEY (case_no, stage_id, clip_id)
) STRICT;

CREATE TABLE reviews (
    seq INTEGER PRIMARY KEY,
    case_no TEXT NOT NULL,
    stage_id TEXT NOT NULL,
    item TEXT NOT NULL,
    decision TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    at TEXT NOT NULL,
    why TEXT NOT NULL
) STRICT;
CREATE INDEX reviews_by_stage ON reviews (case_no, stage_id);

CREATE TABLE officers (
    officer TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    unit TEXT NOT NULL,
    category TEXT NOT NULL,
    valid_until TEXT,
    seq INTEGER NOT NULL
) STRICT;

CREATE TABLE devices (
    recorder TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    model TEXT,
    unit TEXT,
    bought_on TEXT,
    warranty_until TEXT,
    service_life_months INTEGER,
    in_service INTEGER NOT NULL,
    price_fen INTEGER
) STRICT;

CREATE TABLE assignments (
    recorder TEXT NOT NULL,
    officer TEXT NOT NULL,
    since TEXT NOT NULL,
    until TEXT,
    seq INTEGER NOT NULL,
    PRIMARY KEY (recorder, officer, since)
) STRICT;

CREATE TABLE device_events (
    recorder TEXT NOT NULL,
    event TEXT NOT NULL,
    since TEXT NOT NULL,
    until TEXT,
    note TEXT NOT NULL,
    seq INTEGER NOT NULL,
    cost_fen INTEGER,
    PRIMARY KEY (recorder, event, since)
) STRICT;

CREATE TABLE checklists (
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    in_force_from TEXT NOT NULL,
    checklist TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (name, version)
) STRICT;

CREATE TABLE configs (
    seq INTEGER PRIMARY KEY,
    config TEXT NOT NULL
) STRICT;

CREATE TABLE station_keys (
    seq INTEGER PRIMARY KEY,
    role TEXT NOT NULL,
    key_id TEXT NOT NULL,
    public TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE TABLE keylists (
    seq INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    root TEXT NOT NULL,
    keylist TEXT NOT NULL
) STRICT;

CREATE TABLE clock_steps (
    seq INTEGER PRIMARY KEY,
    by_ms INTEGER NOT NULL,
    method TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

-- What should be there and is not, as it was first observed. A gap that a later card fills is said by `open_gaps`.
CREATE TABLE gaps (
    seq INTEGER PRIMARY KEY,
    recorder TEXT NOT NULL,
    gap TEXT NOT NULL,
    first TEXT NOT NULL,
    last TEXT NOT NULL,
    missing INTEGER NOT NULL,
    clip_before TEXT,
    clip_after TEXT,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX gaps_by_recorder ON gaps (recorder, gap, first);

-- The latest time each clip was read back from the disk, and what was found.
CREATE TABLE reads (
    clip_id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    read_at TEXT NOT NULL,
    code TEXT NOT NULL
) STRICT;
CREATE INDEX reads_by_age ON reads (read_at);

CREATE TABLE anchors (
    seq INTEGER PRIMARY KEY,
    witness TEXT NOT NULL,
    size INTEGER NOT NULL,
    cosigned_at TEXT NOT NULL,
    note TEXT NOT NULL
) STRICT;

CREATE TABLE unprojected (
    seq INTEGER PRIMARY KEY,
    reason TEXT NOT NULL
) STRICT;

-- Every file that a manifest ever listed. holder: the recorder, or the place of a card without identity.
CREATE TABLE card_files (
    holder TEXT NOT NULL,
    path_raw TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime TEXT NOT NULL,
    path TEXT NOT NULL,
    recorder TEXT NOT NULL,
    last_seq INTEGER NOT NULL,
    PRIMARY KEY (holder, path_raw, size, mtime)
) STRICT;

CREATE TABLE holders (
    holder TEXT PRIMARY KEY,
    last_seq INTEGER NOT NULL
) STRICT;
