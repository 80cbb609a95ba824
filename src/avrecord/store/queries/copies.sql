-- add_upload --
-- What was lost and sent again is new to whoever asks what came after a leaf.
INSERT INTO sent_clips VALUES (:clip_id, :store, :seq, :at)
ON CONFLICT (clip_id, store) DO UPDATE SET seq = excluded.seq, at = excluded.at;

-- add_lock --
INSERT INTO locked_clips VALUES (:clip_id, :store, :until, :seq)
ON CONFLICT (clip_id, store) DO UPDATE SET until = excluded.until, seq = excluded.seq;

-- clear_lock --
DELETE FROM locked_clips WHERE clip_id = :clip_id AND store = :store;

-- locks_of --
-- Clips of a stretch of leaves that a store acknowledged, and until when it keeps them locked; NULL where that is not known.
SELECT c.clip_id, l.until FROM clips c
JOIN sent_clips u ON u.clip_id = c.clip_id AND u.store = :store
LEFT JOIN locked_clips l ON l.clip_id = c.clip_id AND l.store = u.store
WHERE c.seq BETWEEN :first AND :last;

-- sent_without_lock --
SELECT u.clip_id, u.seq FROM sent_clips u
WHERE u.store = :store AND u.seq > :after AND NOT EXISTS (SELECT 1 FROM locked_clips l WHERE l.clip_id = u.clip_id AND l.store = u.store)
ORDER BY u.seq, u.clip_id;

-- add_copy_receipt --
INSERT INTO copy_receipts VALUES (:receipt, :seq, :store, :key, :clips, :at) ON CONFLICT (receipt) DO NOTHING;

-- add_copied --
-- The latest receipt stands.
INSERT INTO copied VALUES (:clip_id, :key, :seq) ON CONFLICT (clip_id, key) DO UPDATE SET seq = excluded.seq;

-- newest_not_uploaded --
-- Clips that a store did not acknowledge yet and the vault still has, the newest first. `before`: their leaves.
SELECT c.clip_id, c.seq, c.size, c.stored FROM clips c
WHERE c.seq < :before
  AND NOT EXISTS (SELECT 1 FROM sent_clips u WHERE u.clip_id = c.clip_id AND u.store = :store)
  AND NOT EXISTS (SELECT 1 FROM expired e WHERE e.clip_id = c.clip_id)
ORDER BY c.seq DESC LIMIT :count;

-- oldest_not_uploaded --
SELECT c.clip_id, c.seq, c.size, c.stored FROM clips c
WHERE c.seq > :after
  AND NOT EXISTS (SELECT 1 FROM sent_clips u WHERE u.clip_id = c.clip_id AND u.store = :store)
  AND NOT EXISTS (SELECT 1 FROM expired e WHERE e.clip_id = c.clip_id)
ORDER BY c.seq LIMIT :count;

-- upload_stand --
-- How many clips and bytes wait for a store, and since when.
SELECT count(*) AS clips, coalesce(sum(c.size), 0) AS bytes, min(c.sealed_at) AS since FROM clips c
WHERE NOT EXISTS (SELECT 1 FROM sent_clips u WHERE u.clip_id = c.clip_id AND u.store = :store)
  AND NOT EXISTS (SELECT 1 FROM expired e WHERE e.clip_id = c.clip_id);

-- clips_of_vault --
-- Every clip whose bytes the vault should have, in the order of their leaves.
SELECT c.clip_id, c.seq, c.size, c.stored FROM clips c
WHERE c.seq > :after AND NOT EXISTS (SELECT 1 FROM expired e WHERE e.clip_id = c.clip_id)
ORDER BY c.seq LIMIT :count;

-- one_copy_receipt --
SELECT receipt FROM copy_receipts WHERE receipt = :receipt;

-- is_copied --
SELECT c.seq FROM copied c JOIN copy_receipts r ON r.seq = c.seq
WHERE c.clip_id = :clip_id AND c.key = :key AND r.store = :store;

-- other_leaves --
-- Leaves of a stretch that say something about evidence or people: not only that copies and anchors were made.
SELECT count(*) AS count FROM statements
WHERE seq >= :first AND seq < :stop AND kind NOT IN ('anchor', 'clips.uploaded', 'clips.locked', 'receipt.taken');

-- is_uploaded --
SELECT seq FROM sent_clips WHERE clip_id = :clip_id AND store = :store;

-- clips_in_store --
-- Clips that a store acknowledged after some leaf and the rules have not removed since, by the leaf that says so; with what the
-- station's own check saw in each without doubt.
SELECT c.clip_id, c.seq, c.size, c.stored, c.media, u.seq AS sent_seq,
    (SELECT group_concat(s.segment, ' ') FROM
       (SELECT DISTINCT o.segment FROM observations o WHERE o.clip_id = c.clip_id AND o.doubtful = 0 ORDER BY o.segment) s) AS seen
FROM sent_clips u JOIN clips c ON c.clip_id = u.clip_id
WHERE u.store = :store AND u.seq > :after AND c.sealed_at >= :since
  AND NOT EXISTS (SELECT 1 FROM expired e WHERE e.clip_id = c.clip_id)
ORDER BY u.seq, c.seq;

-- receipt_stand --
-- Clips that the bureau of a key read back from a store.
SELECT count(*) AS clips FROM copied c JOIN copy_receipts r ON r.seq = c.seq WHERE c.key = :key AND r.store = :store;

-- clips_after --
-- Clips sealed after a leaf, in the order of the log, with the unit that has the recorder and whether a stage has the clip.
SELECT c.*, d.unit, EXISTS (SELECT 1 FROM links l WHERE l.clip_id = c.clip_id) AS linked
FROM clips c LEFT JOIN devices d ON d.recorder = c.recorder WHERE c.seq > :after ORDER BY c.seq LIMIT :count;

-- town_figures --
-- What a bureau's overview shows of a station; cheap enough for a hundred of them on one page.
SELECT
    (SELECT count(*) FROM clips) AS clips,
    (SELECT coalesce(sum(size), 0) FROM clips) AS bytes,
    (SELECT at FROM statements WHERE seq = (SELECT max(seq) FROM statements)) AS last,
    (SELECT count(*) FROM copied c JOIN copy_receipts r ON r.seq = c.seq WHERE c.key = :key AND r.store = :store) AS received,
    (SELECT count(*) FROM clips c
      WHERE NOT EXISTS (SELECT 1 FROM sent_clips u WHERE u.clip_id = c.clip_id AND u.store = :store)
        AND NOT EXISTS (SELECT 1 FROM expired e WHERE e.clip_id = c.clip_id)) AS waiting;
