-- Attachments that a station stated not to have any more.
CREATE TABLE lost_attachments (
    digest TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT;
