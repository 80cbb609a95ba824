-- footage_by_unit --
-- What the recorders of each unit recorded on a span of local days. (Grouped by `who`: a clip has a name of its own.)
SELECT coalesce(d.unit, '') AS who, count(*) AS clips, count(*) FILTER (WHERE c.media = 'photo') AS photos,
    coalesce(sum(c.duration_ms) FILTER (WHERE c.media <> 'photo'), 0) AS recorded_ms,
    count(*) FILTER (WHERE c.media <> 'photo' AND c.duration_ms IS NULL) AS without_length
FROM clips c LEFT JOIN devices d ON d.recorder = c.recorder
WHERE c.day BETWEEN :first AND :last AND c.media IN ('video', 'audio', 'photo')
GROUP BY who ORDER BY who;

-- footage_by_officer --
-- The same of whoever held the recorder on that day; a shared recorder's clips count for each of its holders.
SELECT officer AS who, count(*) AS clips, count(*) FILTER (WHERE media = 'photo') AS photos,
    coalesce(sum(duration_ms) FILTER (WHERE media <> 'photo'), 0) AS recorded_ms,
    count(*) FILTER (WHERE media <> 'photo' AND duration_ms IS NULL) AS without_length
FROM (SELECT DISTINCT a.officer, c.clip_id, c.media, c.duration_ms FROM clips c JOIN assignments a ON a.recorder = c.recorder
        AND c.day BETWEEN a.since AND coalesce(a.until, '9999-12-31')
    WHERE c.day BETWEEN :first AND :last AND c.media IN ('video', 'audio', 'photo')) AS held
GROUP BY who ORDER BY who;

-- uploads_by_unit --
-- Upload delay by unit: clips whose delay is known, how many within the limit, and the median.
WITH ranked AS (
    SELECT unit AS who, delay_ms, row_number() OVER (PARTITION BY unit ORDER BY delay_ms) AS n,
        count(*) OVER (PARTITION BY unit) AS total
    FROM uploads WHERE day BETWEEN :first AND :last AND delay_ms IS NOT NULL)
SELECT who, max(total) AS clips, count(*) FILTER (WHERE delay_ms <= :limit_ms) AS in_time,
    CAST(round(avg(delay_ms) FILTER (WHERE n IN ((total + 1) / 2, (total + 2) / 2))) AS INTEGER) AS median_ms
FROM ranked GROUP BY who ORDER BY who;

-- uploads_of_all --
WITH ranked AS (
    SELECT delay_ms, row_number() OVER (ORDER BY delay_ms) AS n, count(*) OVER () AS total
    FROM uploads WHERE day BETWEEN :first AND :last AND delay_ms IS NOT NULL)
SELECT '' AS who, max(total) AS clips, count(*) FILTER (WHERE delay_ms <= :limit_ms) AS in_time,
    CAST(round(avg(delay_ms) FILTER (WHERE n IN ((total + 1) / 2, (total + 2) / 2))) AS INTEGER) AS median_ms
FROM ranked HAVING count(*) > 0;

-- uploads_by_officer --
WITH held AS (
    SELECT DISTINCT a.officer, u.clip_id, u.delay_ms FROM uploads u JOIN assignments a ON a.recorder = u.recorder
        AND u.day BETWEEN a.since AND coalesce(a.until, '9999-12-31')
    WHERE u.day BETWEEN :first AND :last AND u.delay_ms IS NOT NULL),
ranked AS (
    SELECT officer AS who, delay_ms, row_number() OVER (PARTITION BY officer ORDER BY delay_ms) AS n,
        count(*) OVER (PARTITION BY officer) AS total
    FROM held)
SELECT who, max(total) AS clips, count(*) FILTER (WHERE delay_ms <= :limit_ms) AS in_time,
    CAST(round(avg(delay_ms) FILTER (WHERE n IN ((total + 1) / 2, (total + 2) / 2))) AS INTEGER) AS median_ms
FROM ranked GROUP BY who ORDER BY who;

-- clips_of_days --
-- The clips behind a month's figures, each with its unit and upload delay (none: not known).
SELECT clip_id, recorder, unit, day, seq, delay_ms FROM uploads WHERE day BETWEEN :first AND :last ORDER BY seq;

-- reviews_between --
-- Reviews made within a time, with the unit of the stage.
SELECT r.seq, r.by_whom, r.decision, coalesce(s.unit, '') AS unit FROM reviews r
LEFT JOIN stages s ON s.case_no = r.case_no AND s.stage_id = r.stage_id
WHERE r.at >= :since AND r.at < :until ORDER BY r.seq;
