-- Draws: what was announced, and what was drawn of it.
CREATE TABLE announcements (
    seq INTEGER PRIMARY KEY,
    population TEXT NOT NULL,
    of_count INTEGER NOT NULL,
    count INTEGER NOT NULL,
    by_whom TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE TABLE draws (
    seq INTEGER PRIMARY KEY,
    announced INTEGER NOT NULL,
    seed TEXT NOT NULL,
    seed_from TEXT NOT NULL,
    sample TEXT NOT NULL,
    count INTEGER NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX draws_by_announcement ON draws (announced);

CREATE TABLE drawn (
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    case_no TEXT NOT NULL,
    stage_id TEXT NOT NULL,
    PRIMARY KEY (seq, n)
) STRICT;
CREATE INDEX drawn_by_stage ON drawn (case_no, stage_id);

-- 整改: each problem as it stands, and every step of it.
CREATE TABLE problems (
    seq INTEGER PRIMARY KEY,
    case_no TEXT NOT NULL,
    stage_id TEXT NOT NULL,
    item TEXT NOT NULL,
    opened_by TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    problem TEXT NOT NULL,
    leader TEXT NOT NULL,
    department TEXT NOT NULL,
    measure TEXT NOT NULL,
    deadline TEXT NOT NULL,
    closed_at TEXT,
    closed_by TEXT,
    evidence TEXT,
    why TEXT
) STRICT;
CREATE INDEX problems_by_stage ON problems (case_no, stage_id);

CREATE TABLE problem_steps (
    seq INTEGER PRIMARY KEY,
    problem INTEGER NOT NULL,
    step TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    at TEXT NOT NULL,
    words TEXT NOT NULL -- attachment: what was said
) STRICT;
CREATE INDEX problem_steps_by_problem ON problem_steps (problem);
