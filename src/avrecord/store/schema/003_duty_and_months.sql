-- 值班表: who is on duty on which local day. A later roster of a unit's day takes the place of the earlier one.
CREATE TABLE duty (
    day TEXT NOT NULL,
    unit TEXT NOT NULL,
    officer TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (day, unit, officer)
) STRICT;

-- A month's statistics read a month's clips, whatever the archive holds.
CREATE INDEX clips_by_day ON clips (day);

-- Footage with its unit, and how long after its end it was sealed (ms): none where the recorder's time is doubted or the
-- length unknown. A photo ends when it is taken. Sealed before its end by the clocks: 0.
CREATE VIEW uploads AS
SELECT c.clip_id, c.seq, c.recorder, coalesce(d.unit, '') AS unit, c.day,
    CASE WHEN c.claim_doubt IS NULL THEN
        max(0, CAST(round((julianday(c.sealed_at) - julianday(c.true_start)) * 86400000) AS INTEGER)
            - CASE c.media WHEN 'photo' THEN 0 ELSE c.duration_ms END)
    END AS delay_ms
FROM clips c LEFT JOIN devices d ON d.recorder = c.recorder
WHERE c.media IN ('video', 'audio', 'photo');

-- The longest clip bounds every search for the clips of a stage; without this each stage read every clip's length.
CREATE INDEX IF NOT EXISTS clips_by_length ON clips (duration_ms);
