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
