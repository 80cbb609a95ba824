-- add_announcement --
INSERT INTO announcements VALUES (:seq, :population, :of_count, :count, :by_whom, :at);

-- add_draw --
INSERT INTO draws VALUES (:seq, :announced, :seed, :seed_from, :sample, :count, :at);

-- add_drawn --
INSERT INTO drawn VALUES (:seq, :n, :case_no, :stage_id);

-- one_announcement --
SELECT * FROM announcements WHERE seq = :seq;

-- all_announcements --
SELECT a.*, d.seq AS drawn_seq, d.seed_from, d.sample FROM announcements a LEFT JOIN draws d ON d.announced = a.seq ORDER BY a.seq DESC;

-- draw_of --
SELECT * FROM draws WHERE announced = :announced ORDER BY seq LIMIT 1;

-- drawn_stages --
-- Stages that any draw brought up.
SELECT DISTINCT case_no, stage_id FROM drawn;

-- add_problem --
INSERT INTO problems VALUES (:seq, :case_no, :stage_id, :item, :opened_by, :opened_at, :problem, :leader, :department, :measure,
    :deadline, NULL, NULL, NULL, NULL);

-- change_problem --
UPDATE problems SET problem = :problem, leader = :leader, department = :department, measure = :measure, deadline = :deadline
WHERE seq = :seq;

-- close_problem --
UPDATE problems SET closed_at = :at, closed_by = :by_whom, evidence = :evidence, why = :why WHERE seq = :seq;

-- reopen_problem --
UPDATE problems SET closed_at = NULL, closed_by = NULL, evidence = NULL, why = NULL WHERE seq = :seq;

-- add_problem_step --
INSERT INTO problem_steps VALUES (:seq, :problem, :step, :by_whom, :at, :words);

-- problems_where --
-- Problems with the stage they are about; empty parameters do not filter.
SELECT p.*, s.unit, s.case_kind, s.stage, s.starts FROM problems p
LEFT JOIN stages s ON s.case_no = p.case_no AND s.stage_id = p.stage_id
WHERE (:case_no = '' OR p.case_no = :case_no) AND (:unit = '' OR s.unit = :unit)
ORDER BY p.closed_at IS NOT NULL, p.deadline, p.seq;

-- steps_of_problem --
SELECT * FROM problem_steps WHERE problem = :problem ORDER BY seq;

-- reviews_of_officers --
-- How many stages of each officer were reviewed in a span.
SELECT officer, count(*) AS reviewed FROM (
    SELECT DISTINCT o.officer, r.case_no, r.stage_id, r.item FROM reviews r
    JOIN stage_officers o ON o.case_no = r.case_no AND o.stage_id = r.stage_id
    WHERE r.at >= :since AND r.at < :until) AS each
GROUP BY officer;

-- stages_reviewed --
-- Stages that any review is about.
SELECT DISTINCT s.* FROM reviews r JOIN stages s ON s.case_no = r.case_no AND s.stage_id = r.stage_id
WHERE (:since = '' OR s.starts >= :since) AND (:until = '' OR s.starts < :until)
ORDER BY s.case_no, s.starts, s.stage_id;

-- first_anchor_over --
-- The first cosignature that the log states of a checkpoint above a leaf.
SELECT seq, note FROM anchors WHERE size > :size ORDER BY seq LIMIT 1;
