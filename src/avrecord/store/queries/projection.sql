-- add_statement --
INSERT INTO statements VALUES (:seq, :kind, :at, :by_whom);

-- add_docking --
INSERT INTO dockings VALUES (:docking, :seq, :seen_at, :recorder, :profile, :volume, :manifest, :files, :bytes,
    :offset_ms, :uncertainty_ms, :clock_method, :battery_percent, :facts)
ON CONFLICT (docking) DO NOTHING;

-- add_clip --
-- The first sealing of some bytes stands; later sights are sources.
INSERT INTO clips VALUES (:clip_id, :seq, :sealed_at, :size, :docking, :recorder, :name, :stored, :media,
    :claimed_start, :true_start, :offset_ms, :uncertainty_ms, :user_no, :sequence_no, :important, :read_back,
    :set_aside, NULL, :day, :claim_doubt)
ON CONFLICT (clip_id) DO NOTHING;

-- add_source --
INSERT INTO sources VALUES (:recorder, :path_raw, :size, :mtime, :clip_id, :docking) ON CONFLICT DO NOTHING;

-- add_removed_early --
INSERT INTO removed_early VALUES (:seq, :docking, :recorder, :files);

-- add_release --
INSERT INTO releases VALUES (:seq, :docking, :recorder, :rule, :receipt, :files, :bytes, :by_whom, :at);

-- add_removal --
INSERT INTO removals VALUES (:seq, :clip_id, :place, :docking, :path_raw, :rule, :by_whom, :at);

-- set_examination --
-- The latest examination of a clip stands.
INSERT INTO examinations VALUES (:clip_id, :seq, :examined_at, :outcome, :reason, :attempt, :checks, :looked,
    :listened, :heard, :unheard, :tier, :dense_to_ms, :longest_gap_ms, :light, :light_share, :video_codec,
    :width, :height, :digest)
ON CONFLICT (clip_id) DO UPDATE SET seq = excluded.seq, examined_at = excluded.examined_at,
    outcome = excluded.outcome, reason = excluded.reason, attempt = excluded.attempt, checks = excluded.checks,
    looked = excluded.looked, listened = excluded.listened, heard = excluded.heard, unheard = excluded.unheard, tier = excluded.tier,
    dense_to_ms = excluded.dense_to_ms, longest_gap_ms = excluded.longest_gap_ms,
    light = excluded.light, light_share = excluded.light_share, video_codec = excluded.video_codec,
    width = excluded.width, height = excluded.height, digest = excluded.digest;

-- set_duration --
UPDATE clips SET duration_ms = :duration_ms WHERE clip_id = :clip_id;

-- clear_observations --
DELETE FROM observations WHERE clip_id = :clip_id;

-- clear_faults --
DELETE FROM faults WHERE clip_id = :clip_id;

-- add_observation --
INSERT INTO observations VALUES (:clip_id, :n, :segment, :check_version, :at_ms, :score, :words, :evidence, :doubtful);

-- add_fault --
INSERT INTO faults VALUES (:clip_id, :n, :kind, :check_version, :from_ms, :to_ms, :detail);

-- set_stage --
INSERT INTO stages VALUES (:case_no, :stage_id, :seq, :case_kind, :stage, :unit, :starts, :ends, :place, :party, :seq)
ON CONFLICT (case_no, stage_id) DO UPDATE SET seq = excluded.seq, case_kind = excluded.case_kind,
    stage = excluded.stage, unit = excluded.unit, starts = excluded.starts, ends = excluded.ends,
    place = excluded.place, party = excluded.party;

-- clear_stage_officers --
DELETE FROM stage_officers WHERE case_no = :case_no AND stage_id = :stage_id;

-- add_stage_officer --
INSERT INTO stage_officers VALUES (:case_no, :stage_id, :officer, :starts) ON CONFLICT DO NOTHING;

-- set_link --
INSERT INTO links VALUES (:case_no, :stage_id, :clip_id, :seq, :method, :overlap_ms, :uncertainty_ms)
ON CONFLICT (case_no, stage_id, clip_id) DO UPDATE SET seq = excluded.seq, method = excluded.method,
    overlap_ms = excluded.overlap_ms, uncertainty_ms = excluded.uncertainty_ms;

-- clear_link --
DELETE FROM links WHERE case_no = :case_no AND stage_id = :stage_id AND clip_id = :clip_id;

-- set_unlinked --
INSERT INTO unlinked VALUES (:case_no, :stage_id, :clip_id, :seq, :by_whom) ON CONFLICT DO NOTHING;

-- clear_unlinked --
DELETE FROM unlinked WHERE case_no = :case_no AND stage_id = :stage_id AND clip_id = :clip_id;

-- add_review --
INSERT INTO reviews (seq, case_no, stage_id, item, decision, by_whom, at, why, letter)
VALUES (:seq, :case_no, :stage_id, :item, :decision, :by_whom, :at, :why, :letter);

-- add_left_review --
INSERT INTO left_reviews VALUES (:seq, :of_station, :case_no, :stage_id, :item, :decision, :letter, :signature, :by_whom, :at);

-- set_officer --
INSERT INTO officers VALUES (:officer, :name, :unit, :category, :valid_until, :seq)
ON CONFLICT (officer) DO UPDATE SET name = excluded.name, unit = excluded.unit,
    category = excluded.category, valid_until = excluded.valid_until, seq = excluded.seq;

-- set_device --
INSERT INTO devices
VALUES (:recorder, :seq, :model, :unit, :bought_on, :warranty_until, :service_life_months, :in_service, :price_fen)
ON CONFLICT (recorder) DO UPDATE SET seq = excluded.seq, model = excluded.model, unit = excluded.unit,
    bought_on = excluded.bought_on, warranty_until = excluded.warranty_until,
    service_life_months = excluded.service_life_months, in_service = excluded.in_service,
    price_fen = excluded.price_fen;

-- set_assignment --
INSERT INTO assignments VALUES (:recorder, :officer, :since, :until, :seq)
ON CONFLICT (recorder, officer, since) DO UPDATE SET until = excluded.until, seq = excluded.seq;

-- set_device_event --
INSERT INTO device_events VALUES (:recorder, :event, :since, :until, :note, :seq, :cost_fen)
ON CONFLICT (recorder, event, since) DO UPDATE SET until = excluded.until, note = excluded.note, seq = excluded.seq,
    cost_fen = excluded.cost_fen;

-- clear_duty --
DELETE FROM duty WHERE day = :day AND unit = :unit;

-- add_duty --
INSERT INTO duty VALUES (:day, :unit, :officer, :seq) ON CONFLICT DO NOTHING;

-- set_checklist --
INSERT INTO checklists VALUES (:name, :version, :in_force_from, :checklist, :seq)
ON CONFLICT (name, version) DO UPDATE SET in_force_from = excluded.in_force_from,
    checklist = excluded.checklist, seq = excluded.seq;

-- add_config --
INSERT INTO configs VALUES (:seq, :config);

-- add_anchor --
INSERT INTO anchors VALUES (:seq, :witness, :size, :cosigned_at, :note);

-- add_lost --
INSERT INTO lost_attachments VALUES (:digest, :seq) ON CONFLICT (digest) DO NOTHING;

-- is_lost --
SELECT seq FROM lost_attachments WHERE digest = :digest;

-- unprojected --
-- Leaves that are indexed without what only a lost attachment could give.
SELECT count(*) AS count FROM unprojected;

-- add_unprojected --
INSERT INTO unprojected VALUES (:seq, :reason);

-- see_file --
INSERT INTO card_files VALUES (:holder, :path_raw, :size, :mtime, :path, :recorder, :seq)
ON CONFLICT (holder, path_raw, size, mtime) DO UPDATE SET last_seq = excluded.last_seq;

-- see_holder --
INSERT INTO holders VALUES (:holder, :seq) ON CONFLICT (holder) DO UPDATE SET last_seq = excluded.last_seq;

-- add_key --
INSERT INTO station_keys VALUES (:seq, :role, :key_id, :public, :reason, :at);

-- add_keylist --
INSERT INTO keylists VALUES (:seq, :version, :root, :keylist);

-- add_clock_step --
INSERT INTO clock_steps VALUES (:seq, :by_ms, :method, :at);

-- add_view --
INSERT INTO views VALUES (:seq, :clip_id, :how, :why, :by_whom, :at);

-- add_gap --
INSERT INTO gaps VALUES (:seq, :recorder, :gap, :first, :last, :missing, :clip_before, :clip_after, :at);

-- set_read --
INSERT INTO reads VALUES (:clip_id, :seq, :read_at, :code)
ON CONFLICT (clip_id) DO UPDATE SET seq = excluded.seq, read_at = excluded.read_at, code = excluded.code;
