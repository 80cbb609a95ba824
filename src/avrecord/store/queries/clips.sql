-- oldest_read --
-- Clips in the order in which a scrub reads them: never read first (oldest seal first), then the oldest reading.
SELECT c.stored, c.clip_id, r.read_at FROM clips c LEFT JOIN reads r ON r.clip_id = c.clip_id
WHERE NOT EXISTS (SELECT 1 FROM expired x WHERE x.clip_id = c.clip_id)
ORDER BY r.read_at IS NOT NULL, r.read_at, c.seq;

-- one_clip --
-- A clip by its id.
SELECT * FROM clips WHERE clip_id = :clip_id;

-- clips_like --
-- Clips whose id begins with what a person typed.
SELECT * FROM clips WHERE clip_id >= :beginning AND clip_id < :beginning || 'g' LIMIT 2;

-- clips_where --
-- Clips by any of case, recorder, officer, local time and state; empty parameters do not filter.
SELECT c.* FROM clips c
WHERE (:recorder = '' OR c.recorder = :recorder)
  AND (:since = '' OR coalesce(c.true_start, c.sealed_at) >= :since)
  AND (:until = '' OR coalesce(c.true_start, c.sealed_at) < :until)
  AND (:case_no = '' OR EXISTS (SELECT 1 FROM links l WHERE l.clip_id = c.clip_id AND l.case_no = :case_no))
  AND (:officer = '' OR EXISTS (SELECT 1 FROM assignments a WHERE a.recorder = c.recorder
        AND a.officer = :officer
        AND c.day BETWEEN a.since AND coalesce(a.until, '9999')))
  AND (:state = '' OR (:state = 'set_aside') = (c.set_aside IS NOT NULL))
ORDER BY c.recorder, coalesce(c.true_start, c.sealed_at), c.clip_id;

-- clips_page --
-- A page of clips, the newest first, after a key (moment and id; '9999' for the first page). Bounds without OR: the index
-- of moments is walked from the key on, however far into the years it lies. `unit`: linked to one of its
-- stages, or to none and of a recorder that is registered to it: a recorder that moves takes no case with it.
SELECT c.*, coalesce(c.true_start, c.sealed_at) AS moment FROM clips c
WHERE coalesce(c.true_start, c.sealed_at) <= :after AND (coalesce(c.true_start, c.sealed_at) < :after OR c.clip_id < :after_id)
  AND coalesce(c.true_start, c.sealed_at) >= :since AND coalesce(c.true_start, c.sealed_at) < :until
  AND (:recorder = '' OR c.recorder = :recorder)
  AND (:place = '' OR EXISTS (SELECT 1 FROM links l JOIN stages s ON s.case_no = l.case_no AND s.stage_id = l.stage_id
        WHERE l.clip_id = c.clip_id AND instr(s.place, :place) > 0))
  AND (:case_no = '' OR EXISTS (SELECT 1 FROM links l WHERE l.clip_id = c.clip_id AND l.case_no = :case_no))
  AND (:officer = '' OR EXISTS (SELECT 1 FROM assignments a WHERE a.recorder = c.recorder
        AND a.officer = :officer
        AND c.day BETWEEN a.since AND coalesce(a.until, '9999')))
  AND (:state = '' OR (:state = 'set_aside' AND c.set_aside IS NOT NULL) OR (:state = 'sealed' AND c.set_aside IS NULL)
    OR (:state = 'pending' AND NOT EXISTS (SELECT 1 FROM examinations e WHERE e.clip_id = c.clip_id))
    OR (:state = 'unlinked' AND NOT EXISTS (SELECT 1 FROM links l WHERE l.clip_id = c.clip_id)))
  AND (:unit = '' OR EXISTS (SELECT 1 FROM links l JOIN stages s ON s.case_no = l.case_no AND s.stage_id = l.stage_id
        WHERE l.clip_id = c.clip_id AND s.unit = :unit)
    OR (EXISTS (SELECT 1 FROM devices d WHERE d.recorder = c.recorder AND d.unit = :unit)
        AND NOT EXISTS (SELECT 1 FROM links l WHERE l.clip_id = c.clip_id)))
ORDER BY coalesce(c.true_start, c.sealed_at) DESC, c.clip_id DESC LIMIT :limit;

-- clip_in_unit --
-- Whether a clip belongs to a unit: a stage of it is linked, or none is and the recorder is registered to it.
SELECT 1 AS yes FROM clips c WHERE c.clip_id = :clip_id AND (
    EXISTS (SELECT 1 FROM links l JOIN stages s ON s.case_no = l.case_no AND s.stage_id = l.stage_id
        WHERE l.clip_id = c.clip_id AND s.unit = :unit)
    OR (EXISTS (SELECT 1 FROM devices d WHERE d.recorder = c.recorder AND d.unit = :unit)
        AND NOT EXISTS (SELECT 1 FROM links l WHERE l.clip_id = c.clip_id)));

-- views_of --
-- Who looked at a clip, the latest first.
SELECT seq, how, why, by_whom, at FROM views WHERE clip_id = :clip_id ORDER BY seq DESC LIMIT 100;

-- known_source --
-- The clip that a file of a card was sealed as, if it was read without errors.
SELECT c.clip_id, c.stored FROM sources s JOIN clips c ON c.clip_id = s.clip_id
WHERE s.recorder = :recorder AND s.path_raw = :path_raw AND s.size = :size AND s.mtime = :mtime
  AND (c.set_aside IS NULL OR c.set_aside <> 'read_error')
ORDER BY c.seq DESC LIMIT 1;

-- source_stated --
-- Whether this very source of a clip is in the log already.
SELECT 1 AS yes FROM sources WHERE recorder = :recorder AND path_raw = :path_raw
  AND size = :size AND mtime = :mtime AND clip_id = :clip_id;

-- last_manifest --
-- The manifest of the last docking at this place.
SELECT docking, manifest, recorder FROM dockings WHERE volume = :volume ORDER BY seq DESC LIMIT 1;

-- pending_examination --
-- Media clips without an examination, or whose examination failed fewer than three times.
SELECT c.*, coalesce(e.attempt, 0) AS attempts FROM clips c
LEFT JOIN examinations e ON e.clip_id = c.clip_id
WHERE c.media IN ('video', 'audio', 'photo')
  AND (e.clip_id IS NULL OR (e.outcome = 'failed' AND e.attempt < :most))
  AND NOT EXISTS (SELECT 1 FROM expired x WHERE x.clip_id = c.clip_id)
ORDER BY c.important DESC, c.seq
LIMIT :limit;

-- pending_newest --
-- The same, the newest first.
SELECT c.*, coalesce(e.attempt, 0) AS attempts FROM clips c
LEFT JOIN examinations e ON e.clip_id = c.clip_id
WHERE c.media IN ('video', 'audio', 'photo')
  AND (e.clip_id IS NULL OR (e.outcome = 'failed' AND e.attempt < :most))
  AND NOT EXISTS (SELECT 1 FROM expired x WHERE x.clip_id = c.clip_id)
ORDER BY c.seq DESC
LIMIT :limit;

-- pending_thorough --
-- Clips that were looked at in the fast tier only: those of stages first.
SELECT c.*, e.attempt AS attempts FROM examinations e JOIN clips c ON c.clip_id = e.clip_id
WHERE e.tier = 'fast' AND NOT EXISTS (SELECT 1 FROM expired x WHERE x.clip_id = c.clip_id)
ORDER BY EXISTS (SELECT 1 FROM links l WHERE l.clip_id = c.clip_id) DESC, c.important DESC, c.seq
LIMIT :limit;

-- attempts_of --
-- How often a clip was examined.
SELECT coalesce(max(attempt), 0) AS attempts FROM examinations WHERE clip_id = :clip_id;

-- clips_in_window --
-- Media clips of a recorder that may overlap a window; :longest is the longest clip's length ago.
SELECT * FROM clips WHERE recorder = :recorder AND true_start BETWEEN :longest AND :until
  AND media IN ('video', 'audio', 'photo');

-- longest_clip --
-- The longest clip in ms: bounds the scan of clips_in_window.
SELECT coalesce(max(duration_ms), 0) AS ms FROM clips;

-- examination --
SELECT * FROM examinations WHERE clip_id = :clip_id;

-- observations_of --
SELECT * FROM observations WHERE clip_id = :clip_id ORDER BY n;

-- faults_of --
SELECT * FROM faults WHERE clip_id = :clip_id ORDER BY n;

-- sightings --
-- Every file ever listed on a card: the clip it became, whether its holder still shows it, and whether
-- the same path was sealed later at least as large.
SELECT f.holder, f.path, f.size, st.at AS seen_at, c.clip_id, c.set_aside,
    EXISTS (SELECT 1 FROM expired x WHERE x.clip_id = c.clip_id) AS removed,
    f.last_seq = h.last_seq AS still_listed,
    EXISTS (SELECT 1 FROM sources l WHERE l.recorder = f.recorder AND l.path_raw = f.path_raw
        AND l.size >= f.size) AS later
FROM card_files f
JOIN holders h ON h.holder = f.holder
JOIN statements st ON st.seq = f.last_seq
LEFT JOIN clips c ON c.clip_id = (SELECT min(s.clip_id) FROM sources s
    WHERE s.recorder = f.recorder AND s.path_raw = f.path_raw AND s.size = f.size AND s.mtime = f.mtime)
WHERE :holder = '' OR f.holder = :holder
ORDER BY f.holder, f.path, f.path_raw, f.size, f.mtime;

-- holders_since --
-- Recorders, and places of cards without identity, of which a card was seen or a clip examined from a leaf on.
SELECT h.holder FROM holders h WHERE h.last_seq >= :since
UNION
SELECT c.recorder FROM examinations e JOIN clips c ON c.clip_id = e.clip_id WHERE e.seq >= :since AND c.recorder <> '';

-- listed_names --
-- What any card of a recorder ever listed, by name; of one holder, or of all.
SELECT DISTINCT recorder, path FROM card_files WHERE recorder <> '' AND (:holder = '' OR holder = :holder);

-- stated_gaps --
-- Gaps that the log states, in the order in which they were observed.
SELECT seq, recorder, gap, first, last, missing, clip_before, clip_after, at FROM gaps ORDER BY seq;
