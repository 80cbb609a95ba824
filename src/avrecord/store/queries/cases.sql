-- stages_where --
-- Stages, newest case first; empty parameters do not filter.
SELECT * FROM stages
WHERE (:case_no = '' OR case_no = :case_no) AND (:unit = '' OR unit = :unit)
  AND (:since = '' OR starts >= :since) AND (:until = '' OR starts < :until)
ORDER BY case_no, starts, stage_id;

-- any_stage --
-- Whether there is a stage of a case, of a unit, or at all.
SELECT 1 AS yes FROM stages WHERE (:case_no = '' OR case_no = :case_no) AND (:unit = '' OR unit = :unit) LIMIT 1;

-- units_of_stages --
SELECT DISTINCT unit FROM stages ORDER BY unit;

-- stages_of_cases --
-- Stages of all the cases named in a JSON array.
SELECT * FROM stages WHERE case_no IN (SELECT value FROM json_each(:cases)) ORDER BY case_no, starts, stage_id;

-- officers_of_cases --
SELECT case_no, stage_id, officer FROM stage_officers WHERE case_no IN (SELECT value FROM json_each(:cases))
ORDER BY case_no, stage_id, officer;

-- linked_stages --
-- Stages of the named cases that have a clip.
SELECT DISTINCT case_no, stage_id FROM links WHERE case_no IN (SELECT value FROM json_each(:cases));

-- one_stage --
SELECT * FROM stages WHERE case_no = :case_no AND stage_id = :stage_id;

-- officers_of --
SELECT officer FROM stage_officers WHERE case_no = :case_no AND stage_id = :stage_id ORDER BY officer;

-- linked_clips --
-- Clips of a stage with how they were linked.
SELECT c.*, l.method, l.overlap_ms, l.uncertainty_ms AS link_uncertainty_ms FROM links l
JOIN clips c ON c.clip_id = l.clip_id
WHERE l.case_no = :case_no AND l.stage_id = :stage_id ORDER BY c.true_start, c.clip_id;

-- examinations_of_stage --
-- What is known of the clips linked to a stage.
SELECT e.* FROM links l JOIN examinations e ON e.clip_id = l.clip_id WHERE l.case_no = :case_no AND l.stage_id = :stage_id;

-- observations_of_stage --
SELECT o.* FROM links l JOIN observations o ON o.clip_id = l.clip_id
WHERE l.case_no = :case_no AND l.stage_id = :stage_id ORDER BY o.clip_id, o.n;

-- faults_of_stage --
SELECT f.* FROM links l JOIN faults f ON f.clip_id = l.clip_id
WHERE l.case_no = :case_no AND l.stage_id = :stage_id ORDER BY f.clip_id, f.n;

-- links_of_clip --
SELECT case_no, stage_id, method FROM links WHERE clip_id = :clip_id ORDER BY case_no, stage_id;

-- reviews_of --
SELECT * FROM reviews WHERE case_no = :case_no AND stage_id = :stage_id ORDER BY seq;

-- review_by_letter --
-- The decision that came as a letter of the bureau.
SELECT * FROM reviews WHERE letter = :letter AND letter <> '' ORDER BY seq LIMIT 1;

-- own_review_after --
-- A decision about an item that was taken here after a leaf, by nobody's letter.
SELECT seq FROM reviews WHERE case_no = :case_no AND stage_id = :stage_id AND item = :item AND seq >= :after AND letter = ''
ORDER BY seq LIMIT 1;

-- letters_about --
-- Letters of the bureau that are stated about an item.
SELECT letter FROM reviews WHERE case_no = :case_no AND stage_id = :stage_id AND item = :item AND letter <> '' ORDER BY seq DESC LIMIT 20;

-- left_reviews --
-- Decisions taken at this bureau about stages of others, of one station or case or all.
SELECT * FROM left_reviews
WHERE (:of_station = '' OR of_station = :of_station) AND (:case_no = '' OR case_no = :case_no) ORDER BY seq;

-- checklist_on --
-- The list in force on a local day.
SELECT * FROM checklists WHERE in_force_from <= :day ORDER BY in_force_from DESC, seq DESC LIMIT 1;

-- adopted_checklists --
-- Every version with the statement that adopted it last.
SELECT c.*, s.at AS adopted_at, s.by_whom FROM checklists c JOIN statements s ON s.seq = c.seq
ORDER BY c.in_force_from, c.seq;

-- assignments_of_officers --
SELECT recorder, officer, since, until, seq FROM assignments ORDER BY recorder, since, officer;
