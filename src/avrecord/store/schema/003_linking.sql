-- Which stages an officer had around a time: asked once for each clip. Without it each new clip read every stage.
ALTER TABLE stage_officers ADD COLUMN starts TEXT NOT NULL DEFAULT '';
UPDATE stage_officers SET starts = coalesce(
    (SELECT s.starts FROM stages s WHERE s.case_no = stage_officers.case_no AND s.stage_id = stage_officers.stage_id), '');
CREATE INDEX stage_officers_by_officer ON stage_officers (officer, starts);
ALTER TABLE stages ADD COLUMN first_seq INTEGER NOT NULL DEFAULT 0;
UPDATE stages SET first_seq = seq;
CREATE INDEX stages_by_seq ON stages (seq);
CREATE INDEX unlinked_by_clip ON unlinked (clip_id);

-- How far this station's own work has come. Local: nothing of it follows from the log.
CREATE TABLE local_marks (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;
