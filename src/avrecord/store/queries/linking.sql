-- stages_held_around --
-- Stages of any officer who ever held a recorder, that begin in a span.
SELECT DISTINCT s.* FROM stage_officers o JOIN stages s ON s.case_no = o.case_no AND s.stage_id = o.stage_id
WHERE o.officer IN (SELECT a.officer FROM assignments a WHERE a.recorder = :recorder)
  AND o.starts BETWEEN :since AND :until
ORDER BY s.case_no, s.starts, s.stage_id;

-- clips_changed --
-- Media clips that were sealed or examined from a leaf on.
SELECT c.* FROM clips c WHERE c.seq >= :since AND c.media IN ('video', 'audio', 'photo')
UNION
SELECT c.* FROM examinations e JOIN clips c ON c.clip_id = e.clip_id
WHERE e.seq >= :since AND c.media IN ('video', 'audio', 'photo');

-- stages_changed --
-- Stages that were imported or corrected from a leaf on.
SELECT * FROM stages WHERE seq >= :since ORDER BY case_no, starts, stage_id;

-- statements_of_kind --
-- Where in the log statements of a kind stand, from a leaf on.
SELECT seq FROM statements WHERE kind = :kind AND seq >= :since ORDER BY seq;

-- clips_of_recorder_since --
SELECT * FROM clips WHERE recorder = :recorder AND day >= :day AND media IN ('video', 'audio', 'photo');

-- clips_untimed --
-- Clips of a recorder whose own time is of no use, sealed in a span.
SELECT * FROM clips WHERE recorder = :recorder AND sealed_at BETWEEN :since AND :until
  AND (true_start IS NULL OR claim_doubt IS NOT NULL OR uncertainty_ms > :wide)
  AND media IN ('video', 'audio', 'photo');

-- clips_tagged --
-- Clips whose path may name a case.
SELECT * FROM clips WHERE stored LIKE '%号%' AND media IN ('video', 'audio', 'photo');

-- links_by_clip --
SELECT case_no, stage_id, method FROM links WHERE clip_id = :clip_id;

-- withheld_by_clip --
-- Stages from which a person took this clip away, or to which a person turned it down.
SELECT case_no, stage_id FROM unlinked WHERE clip_id = :clip_id;

-- known_case --
SELECT 1 AS yes FROM stages WHERE case_no = :case_no LIMIT 1;

-- local_mark --
SELECT value FROM local_marks WHERE name = :name;

-- set_local_mark --
INSERT INTO local_marks VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- stages_corrected --
-- Of the stages that were imported from a leaf on, those that were known before.
SELECT case_no, stage_id FROM stages WHERE seq >= :since AND first_seq < :since;
