-- devices_known --
-- Registered recorders, and those only seen docked.
SELECT recorder, model, unit, bought_on, warranty_until, service_life_months, in_service, 1 AS known FROM devices
UNION ALL
SELECT DISTINCT recorder, NULL, NULL, NULL, NULL, NULL, 1, 0 FROM dockings
WHERE recorder <> '' AND recorder NOT IN (SELECT recorder FROM devices)
ORDER BY 1;

-- last_docking --
-- Facts of a recorder's last docking that was read.
SELECT seen_at, seq, offset_ms, uncertainty_ms, battery_percent FROM dockings
WHERE recorder = :recorder ORDER BY seen_at DESC LIMIT 1;

-- dockings_of --
-- Every docking of a recorder, oldest first.
SELECT seen_at, seq, profile, files, bytes, offset_ms, uncertainty_ms, clock_method, battery_percent, facts FROM dockings
WHERE recorder = :recorder ORDER BY seen_at, seq;

-- doubtful_clips --
-- Clips of a recorder whose claimed start cannot be true, by reason.
SELECT claim_doubt, count(*) AS clips FROM clips
WHERE recorder = :recorder AND claim_doubt IS NOT NULL GROUP BY claim_doubt ORDER BY claim_doubt;

-- dockings_between --
SELECT recorder, seen_at, seq, offset_ms FROM dockings WHERE seen_at >= :since AND seen_at < :until;

-- faults_by_recorder --
-- Footage faults of a recorder, counted by kind.
SELECT f.kind, count(DISTINCT f.clip_id) AS clips FROM faults f JOIN clips c ON c.clip_id = f.clip_id
WHERE c.recorder = :recorder AND c.set_aside IS NOT 'foreign_name' GROUP BY f.kind ORDER BY f.kind;

-- faults_between --
-- Footage faults with the clip's true day, for lost days.
SELECT c.recorder, coalesce(c.true_start, c.sealed_at) AS at, f.kind, c.name, c.clip_id, e.seq
FROM faults f JOIN clips c ON c.clip_id = f.clip_id JOIN examinations e ON e.clip_id = f.clip_id
WHERE c.recorder <> '' AND c.set_aside IS NOT 'foreign_name'
  AND coalesce(c.true_start, c.sealed_at) >= :since AND coalesce(c.true_start, c.sealed_at) < :until
ORDER BY c.recorder, at, f.kind;

-- clips_by_recorder --
SELECT count(*) AS clips FROM clips WHERE recorder = :recorder;

-- events_between --
SELECT * FROM device_events WHERE since <= :until AND coalesce(until, '9999-12-31') >= :since
ORDER BY recorder, since;

-- officer --
SELECT * FROM officers WHERE officer = :officer;

-- all_officers --
SELECT * FROM officers ORDER BY officer;
