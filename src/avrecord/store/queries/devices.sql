-- devices_known --
-- Registered recorders, and those only seen docked.
SELECT recorder, model, unit, bought_on, warranty_until, service_life_months, in_service, price_fen, seq, 1 AS known
FROM devices
UNION ALL
SELECT recorder, NULL, NULL, NULL, NULL, NULL, 1, NULL, min(seq), 0 FROM dockings
WHERE recorder <> '' AND recorder NOT IN (SELECT recorder FROM devices)
GROUP BY recorder ORDER BY 1;

-- last_docking --
-- Facts of a recorder's last docking that was read.
SELECT seen_at, seq, bytes, offset_ms, uncertainty_ms, battery_percent, facts FROM dockings
WHERE recorder = :recorder ORDER BY seen_at DESC, seq DESC LIMIT 1;

-- last_clocks --
-- A recorder's last two dockings that told the clock, the later one first.
SELECT seen_at, seq, offset_ms, uncertainty_ms, clock_method, facts FROM dockings
WHERE recorder = :recorder AND offset_ms IS NOT NULL ORDER BY seen_at DESC, seq DESC LIMIT 2;

-- last_dockings --
-- When each recorder was last seen.
SELECT recorder, max(seen_at) AS seen_at, max(seq) AS seq FROM dockings WHERE recorder <> '' GROUP BY recorder;

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
-- Footage faults of every recorder, clips counted by kind.
SELECT c.recorder, f.kind, count(DISTINCT f.clip_id) AS clips FROM faults f JOIN clips c ON c.clip_id = f.clip_id
WHERE c.recorder <> '' AND c.set_aside IS DISTINCT FROM 'foreign_name' GROUP BY c.recorder, f.kind ORDER BY c.recorder, f.kind;

-- faults_between --
-- Footage faults with the clip's true day, for lost days.
SELECT c.recorder, coalesce(c.true_start, c.sealed_at) AS at, f.kind, c.name, c.clip_id, e.seq
FROM faults f JOIN clips c ON c.clip_id = f.clip_id JOIN examinations e ON e.clip_id = f.clip_id
WHERE c.recorder <> '' AND c.set_aside IS DISTINCT FROM 'foreign_name'
  AND coalesce(c.true_start, c.sealed_at) >= :since AND coalesce(c.true_start, c.sealed_at) < :until
ORDER BY c.recorder, at, f.kind;

-- clips_by_recorder --
SELECT recorder, count(*) AS clips FROM clips WHERE recorder <> '' GROUP BY recorder;

-- events_between --
-- Events that touch a span of days. What was restored or retired stays so, whatever end was written beside it.
SELECT * FROM device_events
WHERE since <= :until AND (coalesce(until, '9999-12-31') >= :since OR event IN ('restored', 'retired'))
ORDER BY recorder, since, seq;

-- officer --
SELECT * FROM officers WHERE officer = :officer;

-- all_officers --
SELECT officer, name, unit, category, valid_until FROM officers ORDER BY officer;

-- roster --
-- Every officer with the leaf that named them last.
SELECT * FROM officers ORDER BY officer;

-- duty_on --
-- 值班表 of one local day.
SELECT day, unit, officer, seq FROM duty WHERE day = :day ORDER BY unit, officer;

-- duty_known --
SELECT day, unit, officer FROM duty WHERE day BETWEEN :since AND :until ORDER BY day, unit, officer;

-- at_stages --
-- Officers of the stages that begin within a day: the day of duty where no roster names it.
SELECT o.officer, s.unit, max(s.seq) AS seq FROM stages s
JOIN stage_officers o ON o.case_no = s.case_no AND o.stage_id = s.stage_id
WHERE s.starts >= :since AND s.starts < :until GROUP BY o.officer, s.unit ORDER BY s.unit, o.officer;
