-- Who looked at which clip on the pages.
CREATE TABLE views (
    seq INTEGER PRIMARY KEY,
    clip_id TEXT NOT NULL,
    how TEXT NOT NULL,
    why TEXT,
    by_whom TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX views_by_clip ON views (clip_id, seq);

-- Clips as people look through them: the newest first, by their own time or, where that is unknown, their sealing.
CREATE INDEX clips_by_moment ON clips (coalesce(true_start, sealed_at), clip_id);
