-- Until when an object store was seen to keep a clip from removal.
CREATE TABLE locked_clips (
    clip_id TEXT NOT NULL,
    store TEXT NOT NULL,
    until TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (clip_id, store)
) STRICT;
