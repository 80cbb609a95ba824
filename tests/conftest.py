"""Fixtures: a fresh station, cards made of real bytes, the rendered sample, the shared footage."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

from avrecord import durable, station
from avrecord.dock.volumes import volume_at
from avrecord.media import isolation, worker
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.receive import Receipt, receive
from speech.model import OUT as SPEECH_MODEL
from speech.model import complete

pytest_plugins = ["service.running", "cli.keeper"]

PROJECT = Path(__file__).resolve().parents[1]
FOOTAGE = PROJECT.parent / "shared" / "footage"
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


def pytest_report_header() -> str:
    """Say loudly, at the top, when half of the input is not there."""
    lines = ["!!! labelled footage (../shared/footage) is ABSENT: tests on it are SKIPPED !!!"]
    if FOOTAGE.is_dir():
        lines = [f"labelled footage: {len(list(FOOTAGE.rglob('*.*')))} files"]
    if not (SPEECH_MODEL / "model.bin").exists():
        lines.append("!!! speech model (make speech-model) is ABSENT: tests that hear are SKIPPED !!!")
    return "\n".join(lines)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The counts that drills told, from whichever worker they ran on."""
    reports = [report for found in terminalreporter.stats.values() for report in found if getattr(report, "when", "") == "call"]
    told = [str(value) for report in reports for name, value in report.user_properties if name == "counts"]
    if told:
        terminalreporter.section("counts of the drills")
        for line in told:
            terminalreporter.write_line(line)


GROUP = re.compile(r'xdist_group\("([^"]+)"\)')


@cache
def _group_of(path: str) -> str:
    """The group that a test file names for its tests, or nothing."""
    found = GROUP.search((PROJECT / path).read_text("utf-8")) if (PROJECT / path).is_file() else None
    return found[1] if found else ""


class ByGroup(LoadScopeScheduling):
    """What `--dist loadgroup` means. pytest 9.2 makes a node's id from its parts, so that xdist 3.8's own way, which writes the
    group into the id, groups nothing and says nothing: servers and the demo were started in every process."""

    def _split_scope(self, nodeid: str) -> str:
        return _group_of(nodeid.partition("::")[0]) or nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByGroup | None:
    """Tests of one group in one process, all others wherever there is room."""
    return ByGroup(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.fixture(autouse=True)
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a service: no locale, no station from outside."""
    monkeypatch.delenv("AVRECORD_ROOT", raising=False)
    monkeypatch.setenv("LANGUAGE", "zh_CN")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An initialised station folder, quick to settle."""
    folder = tmp_path / "station"
    station.create(folder, "station-01", "测试采集站")
    settings = folder / "station.toml"
    text = settings.read_text("utf-8").replace("settle_seconds = 2.0", "settle_seconds = 0.0")
    settings.write_text(text.replace("rescan_seconds = 5.0", "rescan_seconds = 0.3").replace("port = 8720", "port = 0"), "utf-8")
    return folder


@pytest.fixture
def kit(root: Path) -> Iterator[Kit]:
    """The station, opened, with a clock that stands still."""
    made = station.open_station(root, clock=lambda: NOW)
    yield made
    made.store.close()


@pytest.fixture
def dcam(tmp_path: Path) -> Callable[..., Path]:
    """Make a DCAM-style card: `dcam({"VIDEO/090000.mp4": b"…"})`; names `<HHmmss>.mp4` are completed."""

    def make(files: dict[str, bytes], serial: str = "Z3A0017", name: str = "slot1") -> Path:
        card = tmp_path / "cards" / name
        for path, content in files.items():
            folder, _, short = path.rpartition("/")
            if short.split(".")[0].isdigit():
                stem, ending = short.split(".")
                short = f"DCAM_{serial}_041007_20261116_{stem}.{ending}"
            target = card / folder / short
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return card

    return make


@pytest.fixture
def dock(kit: Kit) -> Callable[[Path], Receipt]:
    """Dock a folder as a card."""

    def docked(card: Path) -> Receipt:
        volume = volume_at(card)
        assert volume is not None
        return receive(volume, kit)

    return docked


@pytest.fixture(scope="session")
def sample() -> Path:
    """The quick sample, rendered once per version of the script; xdist workers wait for one another."""
    sources = sorted((PROJECT / "sample_media").glob("*.py"))
    version = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    out = PROJECT / "build" / f"sample-quick-{version}"
    out.parent.mkdir(exist_ok=True)
    with durable.locked(out.parent / ".sample.lock"):
        if not (out / "RENDERED.json").exists():
            script = PROJECT / "sample_media" / "render.py"
            subprocess.run([sys.executable, script, "--out", out, "--quick"], check=True, timeout=300)
    return out


@pytest.fixture(scope="session")
def footage() -> Path:
    """The labelled footage, or a loud skip."""
    if not FOOTAGE.is_dir():
        pytest.skip("!!! labelled footage (../shared/footage) is absent: rates on it are NOT TESTED !!!")
    return FOOTAGE


@pytest.fixture(scope="session")
def speech_model() -> Path:
    """The trial model, checked by hash, or a loud skip."""
    if not (SPEECH_MODEL / "model.bin").exists():
        pytest.skip("!!! speech model is absent (make speech-model): recognition is NOT TESTED !!!")
    assert complete(SPEECH_MODEL), "build/speech-model holds other bytes than expected; remove it"
    return SPEECH_MODEL


@pytest.fixture
def bad_tasks(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the child find the tasks of tests/media: `-I` keeps it from looking anywhere else. Returns their folder."""
    folder = PROJECT / "tests" / "media"
    code = isolation._code() | {folder}
    monkeypatch.setattr(isolation, "_code", lambda: code)  # what bubblewrap shows; Landlock comes after the import
    setup = f"import sys; sys.path.insert(0, {str(folder)!r}); import bad_tasks, runpy; "
    setup += "runpy.run_module('avrecord.media.worker', run_name='__main__')"
    monkeypatch.setattr(worker, "command_of", lambda task, at: [sys.executable, "-I", "-c", setup, task, str(at)])
    return folder


def pattern(size: int, seed: int = 1) -> bytes:
    """`size` bytes that differ from block to block and from seed to seed."""
    block = hashlib.sha256(str(seed).encode()).digest()
    return (b"".join(hashlib.sha256(block + i.to_bytes(4, "big")).digest() for i in range(-(-size // 32))))[:size]


def avrecord(*words: str | Path, root: Path | None = None, timeout: int = 120, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a person does: a process of its own."""
    command = [sys.executable, "-m", "avrecord", *(["--root", str(root)] if root else []), *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, check=False, env=os.environ | {"LANG": "C.UTF-8"} | env
    )
