-- add_hold --
INSERT INTO holds (seq, clip_id, case_no, recorder, since, until, why, by_whom, at)
VALUES (:seq, :clip_id, :case_no, :recorder, :since, :until, :why, :by_whom, :at);

-- lift_hold --
UPDATE holds SET lifted_seq = :seq, lifted_at = :at, lifted_by = :by_whom, lifted_why = :why
WHERE seq = :hold AND lifted_seq IS NULL;

-- add_expiry_list --
INSERT INTO expiry_lists VALUES (:seq, :at, :by_whom, :listed, :clips, :bytes);

-- add_listed --
INSERT INTO expiry_listed VALUES (:seq, :clip_id, :until, :rule, :needs) ON CONFLICT DO NOTHING;

-- add_undone --
INSERT INTO expiry_undone VALUES (:seq, :clip_id, :until, :why, :by_whom, :at);

-- add_expired --
INSERT INTO expired VALUES (:clip_id, :seq, :at, :rule, :due, :listed, :by_whom) ON CONFLICT (clip_id) DO UPDATE SET
    seq = excluded.seq, at = excluded.at, rule = excluded.rule, due = excluded.due, listed = excluded.listed,
    by_whom = excluded.by_whom;

-- clear_expired --
-- The vault got these bytes again.
DELETE FROM expired WHERE clip_id = :clip_id;

-- add_archive --
INSERT INTO archives (bag, seq, unit, year, clips, bytes, receipt, by_whom, at, copy_of)
VALUES (:bag, :seq, :unit, :year, :clips, :bytes, :receipt, :by_whom, :at, :copy_of) ON CONFLICT DO NOTHING;

-- receive_archive --
UPDATE archives SET received_seq = :seq, received_at = :at, received_by = :by_whom, received_key = :key,
    signature = :signature WHERE bag = :bag;

-- all_holds --
-- Every hold, the open ones first.
SELECT * FROM holds ORDER BY lifted_seq IS NOT NULL, seq;

-- one_hold --
SELECT * FROM holds WHERE seq = :hold;

-- keeping_page --
-- Clips in the vault that were sealed before a moment, in order of their leaves, with what makes a person necessary.
SELECT c.clip_id, c.seq, c.sealed_at, c.size, c.name, c.recorder, c.day, c.stored, c.media, c.set_aside, c.important,
    c.claim_doubt, d.recorder IS NOT NULL AS registered, e.outcome,
    EXISTS (SELECT 1 FROM faults f WHERE f.clip_id = c.clip_id
        AND f.kind IN ('damaged', 'unindexed', 'unreadable', 'empty')) AS damaged
FROM clips c
LEFT JOIN devices d ON d.recorder = c.recorder
LEFT JOIN examinations e ON e.clip_id = c.clip_id
WHERE c.seq > :after AND c.sealed_at < :before
  AND NOT EXISTS (SELECT 1 FROM expired x WHERE x.clip_id = c.clip_id)
ORDER BY c.seq LIMIT :limit;

-- keeping_one --
-- The same of one clip, whenever it was sealed.
SELECT c.clip_id, c.seq, c.sealed_at, c.size, c.name, c.recorder, c.day, c.stored, c.media, c.set_aside, c.important,
    c.claim_doubt, d.recorder IS NOT NULL AS registered, e.outcome,
    EXISTS (SELECT 1 FROM faults f WHERE f.clip_id = c.clip_id
        AND f.kind IN ('damaged', 'unindexed', 'unreadable', 'empty')) AS damaged
FROM clips c
LEFT JOIN devices d ON d.recorder = c.recorder
LEFT JOIN examinations e ON e.clip_id = c.clip_id
WHERE c.clip_id = :clip_id AND NOT EXISTS (SELECT 1 FROM expired x WHERE x.clip_id = c.clip_id);

-- keeping_links --
-- Stages of the clips of one page.
SELECT l.clip_id, l.case_no, l.stage_id, s.case_kind, s.stage, s.starts, s.ends FROM clips c
JOIN links l ON l.clip_id = c.clip_id
LEFT JOIN stages s ON s.case_no = l.case_no AND s.stage_id = l.stage_id
WHERE c.seq BETWEEN :first AND :last ORDER BY l.clip_id, l.case_no, l.stage_id;

-- undone_all --
-- Until when clips are kept on, and the latest leaf that says so.
SELECT clip_id, max(until) AS until, max(seq) AS seq FROM expiry_undone GROUP BY clip_id;

-- undone_of --
-- The same of one clip.
SELECT clip_id, max(until) AS until, max(seq) AS seq FROM expiry_undone WHERE clip_id = :clip_id GROUP BY clip_id;

-- listed_all --
-- Clips on a list that nobody undid since, by their first such list.
WITH standing AS (
    SELECT l.*, row_number() OVER (PARTITION BY l.clip_id ORDER BY l.seq) AS n FROM expiry_listed l
    WHERE NOT EXISTS (SELECT 1 FROM expired x WHERE x.clip_id = l.clip_id)
      AND NOT EXISTS (SELECT 1 FROM expiry_undone u WHERE u.clip_id = l.clip_id AND u.seq > l.seq)
      AND NOT EXISTS (SELECT 1 FROM removals r WHERE r.clip_id = l.clip_id AND r.place = 'vault' AND r.seq > l.seq))
SELECT s.clip_id, s.seq, e.at, e.by_whom, s.until, s.rule, s.needs FROM standing s
JOIN expiry_lists e ON e.seq = s.seq WHERE s.n = 1 ORDER BY s.seq, s.clip_id;

-- listed_of --
-- The same of one clip.
WITH standing AS (
    SELECT l.*, row_number() OVER (PARTITION BY l.clip_id ORDER BY l.seq) AS n FROM expiry_listed l
    WHERE l.clip_id = :clip_id AND NOT EXISTS (SELECT 1 FROM expired x WHERE x.clip_id = l.clip_id)
      AND NOT EXISTS (SELECT 1 FROM expiry_undone u WHERE u.clip_id = l.clip_id AND u.seq > l.seq)
      AND NOT EXISTS (SELECT 1 FROM removals r WHERE r.clip_id = l.clip_id AND r.place = 'vault' AND r.seq > l.seq))
SELECT s.clip_id, s.seq, e.at, e.by_whom, s.until, s.rule, s.needs FROM standing s
JOIN expiry_lists e ON e.seq = s.seq WHERE s.n = 1 ORDER BY s.seq, s.clip_id;

-- expired_clip --
SELECT * FROM expired WHERE clip_id = :clip_id;

-- archive_of --
SELECT * FROM archives WHERE bag = :bag;

-- archive_by_receipt --
SELECT * FROM archives WHERE receipt = :receipt;

-- archives --
SELECT * FROM archives ORDER BY seq DESC;

-- units_of_year --
-- Units that had a stage in a span of UTC text, and those that have a registered recorder.
SELECT unit FROM stages WHERE starts >= :since AND starts < :until
UNION SELECT unit FROM devices WHERE unit IS NOT NULL AND unit <> '' ORDER BY unit;

-- clips_of_unit --
-- A unit's clips of a year: those linked to its stages, and unlinked ones of its registered recorders. The day of one whose
-- own time cannot be is that of its sealing.
SELECT DISTINCT c.*, 1 AS linked FROM stages s JOIN links l ON l.case_no = s.case_no AND l.stage_id = s.stage_id
JOIN clips c ON c.clip_id = l.clip_id
WHERE s.unit = :unit AND s.starts >= :since AND s.starts < :until
UNION ALL
SELECT c.*, 0 AS linked FROM devices d JOIN clips c ON c.recorder = d.recorder
WHERE d.unit = :unit AND CASE WHEN c.claim_doubt IS NULL THEN c.day ELSE date(c.sealed_at, '+8 hours') END
    BETWEEN :first AND :last
  AND NOT EXISTS (SELECT 1 FROM links l WHERE l.clip_id = c.clip_id)
ORDER BY stored;

-- clips_of_no_unit --
-- Unlinked clips of a year whose recorder no unit registered: in no unit's bag.
SELECT count(*) AS clips, coalesce(sum(size), 0) AS bytes FROM clips c
WHERE CASE WHEN c.claim_doubt IS NULL THEN c.day ELSE date(c.sealed_at, '+8 hours') END BETWEEN :first AND :last
  AND NOT EXISTS (SELECT 1 FROM links l WHERE l.clip_id = c.clip_id)
  AND NOT EXISTS (SELECT 1 FROM devices d WHERE d.recorder = c.recorder AND coalesce(d.unit, '') <> '');

-- stages_of_unit --
SELECT case_no, stage_id FROM stages WHERE unit = :unit AND starts >= :since AND starts < :until;

-- stages_of_clip --
SELECT s.*, l.method FROM links l JOIN stages s ON s.case_no = l.case_no AND s.stage_id = l.stage_id
WHERE l.clip_id = :clip_id ORDER BY s.starts, s.case_no, s.stage_id;

-- holders_on --
-- In whose hands a recorder was on a local day.
SELECT officer FROM assignments WHERE recorder = :recorder AND since <= :day AND (until IS NULL OR until >= :day)
ORDER BY officer;

-- docking_of_clip --
SELECT docking FROM clips WHERE clip_id = :clip_id;

-- known_recorder --
SELECT 1 AS yes FROM devices WHERE recorder = :recorder
UNION ALL SELECT 1 FROM clips WHERE recorder = :recorder LIMIT 1;

-- claimed_up_to --
-- The latest time that any leaf up to one claims.
SELECT max(at) AS at FROM statements WHERE seq <= :seq;

-- clock_steps_since --
SELECT by_ms FROM clock_steps WHERE seq > :seq;

-- configs_until --
-- Configurations that were in force after a moment: each until the next one was stated.
SELECT c.config FROM configs c
WHERE coalesce((SELECT s.at FROM configs n JOIN statements s ON s.seq = n.seq WHERE n.seq > c.seq ORDER BY n.seq LIMIT 1), '9999') > :edge
ORDER BY c.seq;
