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

-- How long after its end a recording was sealed, ms; none where the recorder's time is doubted or the length unknown.
-- A photo ends when it is taken. Sealed before its end by the clocks: 0.
CREATE VIEW uploads AS
SELECT c.clip_id, c.recorder, coalesce(d.unit, '') AS unit, c.day,
    max(0, CAST(round((julianday(c.sealed_at) - julianday(c.true_start)) * 86400000) AS INTEGER)
        - CASE c.media WHEN 'photo' THEN 0 ELSE c.duration_ms END) AS delay_ms
FROM clips c LEFT JOIN devices d ON d.recorder = c.recorder
WHERE c.media IN ('video', 'audio', 'photo') AND c.true_start IS NOT NULL AND c.claim_doubt IS NULL
    AND (c.media = 'photo' OR c.duration_ms IS NOT NULL);
