-- add_campaign --
INSERT INTO campaigns VALUES (:campaign, :kind, :scope, :store, :asked_by, :asked_at, 'running', :clips, :bytes, :chunks);

-- add_chunk --
INSERT INTO chunks VALUES (:campaign, :number, :station, :items, 'waiting', NULL, 0, NULL, NULL, NULL, NULL);

-- set_state --
UPDATE campaigns SET state = :state WHERE campaign = :campaign AND state <> 'cancelled';

-- one_campaign --
SELECT * FROM campaigns WHERE campaign = :campaign;

-- all_campaigns --
SELECT * FROM campaigns ORDER BY asked_at DESC, campaign DESC LIMIT :count;

-- progress --
-- How far a campaign came. `bytes`: read so far; `bad`: findings that are not OK.
SELECT
    (SELECT count(*) FROM chunks WHERE campaign = :campaign AND state = 'done') AS chunks,
    (SELECT count(*) FROM results WHERE campaign = :campaign) AS clips,
    (SELECT coalesce(sum(size), 0) FROM results WHERE campaign = :campaign) AS bytes,
    (SELECT count(*) FROM results WHERE campaign = :campaign AND finding <> 'OK') AS bad,
    (SELECT min(begun_at) FROM chunks WHERE campaign = :campaign) AS begun_at,
    (SELECT max(done_at) FROM chunks WHERE campaign = :campaign) AS done_at;

-- totals --
SELECT finding, count(*) AS count FROM results WHERE campaign = :campaign GROUP BY finding ORDER BY finding;

-- bad_results --
SELECT station, clip_id, seq, stored, finding, detail, found, size, at FROM results
WHERE campaign = :campaign AND finding <> 'OK' ORDER BY station, seq LIMIT :count;

-- waiting_chunks --
SELECT number FROM chunks WHERE campaign = :campaign AND state = 'waiting' ORDER BY number;

-- one_chunk --
SELECT h.*, c.state AS campaign_state, c.kind, c.store, c.scope FROM chunks h JOIN campaigns c ON c.campaign = h.campaign
WHERE h.campaign = :campaign AND h.number = :number;

-- results_of_chunk --
SELECT clip_id, stored, finding, at FROM results WHERE campaign = :campaign AND number = :number ORDER BY seq;

-- begin_chunk --
UPDATE chunks SET worker = :worker, attempts = :attempts, begun_at = :at WHERE campaign = :campaign AND number = :number;

-- hold_clip --
UPDATE chunks SET attempts = CASE WHEN in_hand = :clip_id THEN attempts ELSE 0 END, in_hand = :clip_id
WHERE campaign = :campaign AND number = :number;

-- let_go --
UPDATE chunks SET in_hand = NULL WHERE campaign = :campaign AND number = :number;

-- add_result --
-- Who did a clip twice says the same twice: the later word stands. But that nobody could finish it is no word against one who did.
INSERT INTO results VALUES (:campaign, :station, :clip_id, :number, :seq, :stored, :finding, :detail, :found, :size, :at)
ON CONFLICT (campaign, station, clip_id) DO UPDATE SET finding = excluded.finding, detail = excluded.detail,
    found = excluded.found, size = excluded.size, at = excluded.at
WHERE results.finding <> 'OK' OR excluded.finding <> 'UNREADABLE';

-- finish_chunk --
UPDATE chunks SET state = 'done', in_hand = NULL, attempts = 0, done_at = :at WHERE campaign = :campaign AND number = :number;

-- without_receipt --
-- Chunks of verifications of a store that are done and have no receipt yet, whenever they were asked for.
SELECT h.campaign, h.number, h.station, h.items FROM chunks h JOIN campaigns c ON c.campaign = h.campaign
WHERE c.kind = 'verify' AND c.store = :store AND h.state = 'done' AND h.receipt IS NULL ORDER BY c.asked_at, h.campaign, h.number;

-- bags_to_close --
-- Stations of archive campaigns whose clips were all tried and whose bag is neither made nor given up.
SELECT DISTINCT c.asked_at, c.campaign, c.scope, c.asked_by, h.station FROM campaigns c JOIN chunks h ON h.campaign = c.campaign
WHERE c.kind = 'archive' AND c.store = :store AND c.state = 'running' AND h.receipt IS NULL
  AND NOT EXISTS (SELECT 1 FROM chunks w WHERE w.campaign = c.campaign AND w.station = h.station AND w.state = 'waiting')
ORDER BY c.asked_at, c.campaign, h.station;

-- results_of_station --
SELECT clip_id, finding FROM results WHERE campaign = :campaign AND station = :station;

-- set_bag --
UPDATE chunks SET receipt = :bag WHERE campaign = :campaign AND station = :station;

-- same_unfinished --
-- A campaign of the same kind and scope that was not cancelled and has chunks waiting.
SELECT c.campaign FROM campaigns c WHERE c.kind = :kind AND c.scope = :scope AND c.store = :store AND c.state <> 'cancelled'
  AND EXISTS (SELECT 1 FROM chunks h WHERE h.campaign = c.campaign AND h.state = 'waiting') LIMIT 1;

-- unfinished --
-- Campaigns that run and have chunks waiting, the longest asked for first.
SELECT c.campaign FROM campaigns c WHERE c.state = 'running'
  AND EXISTS (SELECT 1 FROM chunks h WHERE h.campaign = c.campaign AND h.state = 'waiting') ORDER BY c.asked_at, c.campaign;

-- set_receipt --
UPDATE chunks SET receipt = :receipt WHERE campaign = :campaign AND number = :number;

-- reached --
SELECT seq FROM reached WHERE station = :station AND store = :store;

-- set_reached --
INSERT INTO reached VALUES (:station, :store, :seq) ON CONFLICT (station, store) DO UPDATE SET seq = excluded.seq;
