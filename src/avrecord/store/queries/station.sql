-- projected --
-- How many leaves of the log this database reflects.
SELECT coalesce(max(seq), -1) + 1 AS size FROM statements;

-- totals --
-- What the status page and `avrecord status` print.
SELECT
    (SELECT count(*) FROM clips) AS clips,
    (SELECT count(*) FROM clips WHERE set_aside IS NOT NULL) AS set_aside,
    (SELECT count(*) FROM expired) AS removed,
    (SELECT coalesce(sum(size), 0) FROM clips) AS bytes,
    (SELECT count(*) FROM dockings) AS dockings,
    (SELECT count(DISTINCT recorder) FROM dockings WHERE recorder <> '') AS recorders,
    (SELECT count(*) FROM clips c LEFT JOIN examinations e ON e.clip_id = c.clip_id
      WHERE c.media IN ('video', 'audio', 'photo') AND e.clip_id IS NULL) AS pending,
    (SELECT count(*) FROM examinations WHERE outcome = 'failed') AS failed,
    (SELECT count(DISTINCT case_no) FROM stages) AS cases,
    (SELECT count(*) FROM stages) AS stages,
    (SELECT count(*) FROM links) AS links,
    (SELECT count(*) FROM devices) AS devices,
    (SELECT max(seen_at) FROM dockings) AS last_docking;

-- one_docking --
SELECT docking, manifest FROM dockings WHERE docking = :docking;

-- recent_statements --
-- Who did what lately; what the service does for each clip by itself is left out.
SELECT seq, kind, at, by_whom FROM statements
WHERE kind NOT IN ('clip.sealed', 'clip.seen_again', 'clip.examined') ORDER BY seq DESC LIMIT :limit;

-- recent_dockings --
SELECT docking, seen_at, recorder, profile, volume, files, bytes,
    (SELECT count(*) FROM sources s WHERE s.docking = d.docking) AS taken,
    (SELECT files FROM removed_early r WHERE r.docking = d.docking) AS left_behind
FROM dockings d ORDER BY seq DESC LIMIT 20;

-- last_at --
-- The time that the newest statement claims.
SELECT at FROM statements WHERE seq = (SELECT max(seq) FROM statements);

-- current_key --
-- The key that signs for a role since its latest announcement.
SELECT seq, key_id, public, reason, at FROM station_keys WHERE role = :role ORDER BY seq DESC LIMIT 1;

-- announced_keys --
SELECT seq, role, key_id, public, reason, at FROM station_keys ORDER BY seq;

-- newest_keylist --
SELECT seq, version, root, keylist FROM keylists ORDER BY version DESC, seq DESC LIMIT 1;

-- last_config --
-- Whether this configuration is the one stated last.
SELECT 1 AS yes FROM configs WHERE seq = (SELECT max(seq) FROM configs) AND config = :config;

-- day_totals --
-- What a day brought, by the station's clock.
SELECT
    (SELECT count(*) FROM dockings WHERE seen_at >= :since AND seen_at < :until) AS dockings,
    (SELECT count(DISTINCT recorder) FROM dockings WHERE recorder <> '' AND seen_at >= :since AND seen_at < :until) AS recorders,
    (SELECT count(*) FROM clips WHERE sealed_at >= :since AND sealed_at < :until) AS clips,
    (SELECT coalesce(sum(size), 0) FROM clips WHERE sealed_at >= :since AND sealed_at < :until) AS bytes,
    (SELECT count(*) FROM clips WHERE set_aside IS NOT NULL AND sealed_at >= :since AND sealed_at < :until) AS set_aside,
    (SELECT count(*) FROM removed_early r JOIN statements s ON s.seq = r.seq WHERE s.at >= :since AND s.at < :until)
        AS removed_early,
    (SELECT count(*) FROM reads WHERE read_at >= :since AND read_at < :until) AS read_again,
    (SELECT count(*) FROM reads WHERE read_at >= :since AND read_at < :until AND code NOT IN ('OK', 'OK_UNWITNESSED'))
        AS read_bad;

-- last_anchor --
SELECT witness, size, cosigned_at FROM anchors ORDER BY seq DESC LIMIT 1;

-- releases --
-- Whose copies on a card may be wiped, the newest first.
SELECT r.*, (SELECT count(*) FROM removals m WHERE m.docking = r.docking AND m.seq > r.seq) AS wiped
FROM releases r ORDER BY r.seq DESC LIMIT 50;

-- latest_release --
SELECT * FROM releases WHERE docking = :docking ORDER BY seq DESC LIMIT 1;

-- intake_by_day --
-- Bytes sealed on each day since :since, by the station's clock in Beijing time.
SELECT date(sealed_at, '+8 hours') AS day, sum(size) AS bytes FROM clips WHERE sealed_at >= :since
GROUP BY date(sealed_at, '+8 hours') ORDER BY 1;

-- newest_config --
-- The configuration that was stated last.
SELECT config FROM configs WHERE seq = (SELECT max(seq) FROM configs);
