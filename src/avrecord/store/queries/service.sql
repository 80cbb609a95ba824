-- gauges --
-- What `/metrics` tells of the index.
SELECT
    (SELECT count(*) FROM clips) AS clips,
    (SELECT coalesce(sum(size), 0) FROM clips) AS bytes,
    (SELECT count(*) FROM clips WHERE set_aside IS NOT NULL) AS set_aside,
    (SELECT count(*) FROM clips c LEFT JOIN examinations e ON e.clip_id = c.clip_id
      WHERE c.media IN ('video', 'audio', 'photo') AND e.clip_id IS NULL) AS unexamined,
    (SELECT count(*) FROM examinations WHERE tier = 'fast') AS half_examined,
    (SELECT count(*) FROM examinations WHERE outcome = 'failed') AS failed,
    (SELECT size FROM anchors ORDER BY seq DESC LIMIT 1) AS witnessed,
    (SELECT cosigned_at FROM anchors ORDER BY seq DESC LIMIT 1) AS cosigned_at;
