-- Decisions that came as letters of the bureau; at a bureau, those that were taken there.
ALTER TABLE reviews ADD COLUMN letter TEXT NOT NULL DEFAULT '';
CREATE INDEX reviews_by_letter ON reviews (letter);

CREATE TABLE left_reviews (
    seq INTEGER PRIMARY KEY,
    of_station TEXT NOT NULL,
    case_no TEXT NOT NULL,
    stage_id TEXT NOT NULL,
    item TEXT NOT NULL,
    decision TEXT NOT NULL,
    letter TEXT NOT NULL,
    signature TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
