"""What a monitor reads of a running station: `/readyz` and `/metrics`."""

from __future__ import annotations

import json
import shutil
import time
import urllib.error
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from avrecord.service.health import Check
from avrecord.service.metrics import Happened, Metrics, Station
from avrecord.service.ready import Readiness
from service.running import get, until

LABELS = {"state", "check", "version", "python", "sqlite", "mode", "files", "network"}


def parsed(text: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(text.decode())
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def test_a_scrape_of_a_running_station_parses_and_counts_what_the_card_brought(root, port, start, dcam):
    start()
    until(lambda: get(port, "/healthz"))
    shutil.copytree(dcam({"VIDEO/090000.mp4": b"no video", "LOG/a.log": b"BAT=50%\n"}), root / "dock" / "slot1")
    wanted = {("avrecord_clips_sealed_total", ()): 2, ("avrecord_cards", (("state", "done"),)): 1}
    found = until(lambda: (seen := parsed(get(port, "/metrics"))) and wanted.items() <= seen.items() and seen)
    found = until(lambda: (seen := parsed(get(port, "/metrics")))[("avrecord_clips_unexamined", ())] == 0 and seen)
    assert found[("avrecord_taken_bytes_total", ())] == len(b"no video") + len(b"BAT=50%\n")
    assert found[("avrecord_examinations_total", ())] == 1
    assert found[("avrecord_clips_examination_failed", ())] == 0
    assert found[("avrecord_files_failed_total", ())] == 0
    assert 0 <= found[("avrecord_scan_age_seconds", ())] < 10
    assert 0 <= found[("avrecord_checkpoint_age_seconds", ())] < 60
    assert found[("avrecord_log_entries", ())] >= 6
    assert found[("avrecord_free_bytes", ())] > 0
    assert 10e6 < found[("process_resident_memory_bytes", ())] < 1e9
    assert ("avrecord_witness_age_seconds", ()) not in found  # nobody ever cosigned: 0 would be a claim
    assert ("avrecord_space_left_seconds", ()) not in found  # one minute of intake says nothing of a month
    assert any(name == "avrecord_build_info" for name, _ in found)
    assert {value for (name, _), value in found.items() if name == "avrecord_check_ok"} == {1.0}


def test_every_metric_has_a_unit_a_prefix_and_help_and_no_label_that_names_a_clip(kit, dcam, dock):
    dock(dcam({"VIDEO/090000.mp4": b"x"}))
    text = scrape(kit).decode()
    families = [f for f in text_string_to_metric_families(text) if not f.name.startswith("process_")]
    assert len(families) > 12
    for family in families:
        assert family.name.startswith("avrecord_")
        assert family.documentation
        assert not any(word in family.name for word in ("_days", "_ms", "_mib", "_gb"))
        assert all(set(sample.labels) <= LABELS for sample in family.samples)
    assert "Z3A0017" not in text
    assert "090000" not in text


def scrape(kit, look=lambda kit: [Check("vault", "库可写", True, "")]) -> bytes:
    status = lambda: {"slots": [], "seconds_since_scan": None}  # noqa: E731
    return Metrics(Station(kit, status, Happened(), Readiness(kit, look))).text()


def test_a_broken_index_leaves_the_other_numbers_and_is_told_apart(kit):
    kit.store.close()
    kit.store.path.write_bytes(b"not a database at all" * 100)
    for ending in ("-wal", "-shm"):
        kit.store.path.with_name(kit.store.path.name + ending).unlink(missing_ok=True)
    found = parsed(scrape(kit, lambda kit: [Check("database", "数据库与日志", False, "")]))
    assert found[("avrecord_check_ok", (("check", "database"),))] == 0
    assert found[("avrecord_free_bytes", ())] > 0
    assert ("avrecord_clips_sealed_total", ()) not in found


def test_a_ready_station_says_so_and_gives_no_secret_away(root, port, start):
    start()
    answer = json.loads(until(lambda: get(port, "/readyz")))
    assert answer["ready"] is True
    assert [check["key"] for check in answer["checks"]] == ["database", "vault", "space", "clock", "keys", "dock"]
    secret = (root / "keys" / "clip.key").read_text("ascii", "replace").split()
    assert not any(word in json.dumps(answer) for word in secret if len(word) > 20)


def test_a_full_disk_or_a_lost_vault_answers_503_with_the_reason(root, port, start):
    settings = root / "station.toml"
    settings.write_text(settings.read_text("utf-8").replace("reserve_mib = 512", "reserve_mib = 1000000000"), "utf-8")
    start()
    until(lambda: get(port, "/healthz"))
    shutil.rmtree(root / "incoming")
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(port, "/readyz")
    with refused.value as error:
        assert error.code == 503
        answer = json.load(error)
    assert {check["key"] for check in answer["checks"] if not check["ok"]} == {"vault", "space"}


def test_a_monitor_that_asks_each_moment_does_not_cost_a_write_each_time(kit, monkeypatch):
    looks = []

    def look(kit):
        looks.append(1)
        return [Check("vault", "库可写", True, "")]

    ready = Readiness(kit, look)
    for _ in range(100):
        assert ready.answer()["ready"]
    assert len(looks) == 1
    later = time.monotonic() + 60
    monkeypatch.setattr("avrecord.service.ready.time.monotonic", lambda: later)
    assert ready.answer()["ready"]
    assert len(looks) == 2


def test_an_old_clock_is_not_ready(kit, monkeypatch):
    monkeypatch.setattr("avrecord.service.health.BUILT", kit.clock() + timedelta(days=1))
    answer = Readiness(kit).answer()
    assert answer["ready"] is False
    assert [check["key"] for check in answer["checks"] if not check["ok"]] == ["clock"]
