"""The service works under what the unit leaves it: takes a card, examines it behind its own isolation, ends in time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import PROJECT
from service.running import get, status, until

UNIT = PROJECT / "deploy" / "avrecord.service"
NOBODY = "65534"
CAGED = PROJECT / "tests" / "service" / "caged.py"


def reachable(path: Path) -> bool:
    return subprocess.run(["setpriv", f"--reuid={NOBODY}", "--clear-groups", "test", "-r", path], check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="not root: the unit's cage is NOT TESTED here")
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze: the unit's cage is NOT TESTED here")
def test_a_card_is_taken_and_examined_under_the_units_filter_by_a_user_without_privileges(root, port, dcam, footage, tmp_path):
    # An interpreter in a closed home can be run by its owner only: then it is root without any capability.
    user = NOBODY if reachable(Path(sys.executable).resolve()) and reachable(PROJECT / "src") else "0"
    video = (footage / "malformed" / "ok_hevc.mp4").read_bytes()
    shutil.copytree(dcam({"VIDEO/090000.mp4": video}), root / "dock" / "slot1")
    for folder in list(tmp_path.parents)[:2]:
        folder.chmod(0o755)
    subprocess.run(["chown", "-R", f"{user}:{user}", tmp_path], check=True)
    said = tmp_path / "stderr"
    environment = os.environ | {"AVRECORD_STATION__CHECK__ISOLATION": "required", "TMPDIR": str(tmp_path)}
    command = [sys.executable, CAGED, UNIT, user, sys.executable, "-m", "avrecord", "--root", root, "run"]
    with said.open("wb") as err:
        child = subprocess.Popen(command, stderr=err, env=environment)
    try:
        totals = until(lambda: (found := status(port)["totals"])["clips"] and not found["pending"] and found, 90)
        assert (totals["clips"], totals["failed"]) == (1, 0)
        assert json.loads(get(port, "/readyz"))["ready"] is True
    finally:
        child.send_signal(signal.SIGTERM)
        code = child.wait(15)
    lines = [json.loads(line) for line in said.read_text("utf-8").splitlines()]
    assert code == 0
    assert [line for line in lines if line["level"] == "error"] == []
    (told,) = [line for line in lines if line["event"] == "isolation"]
    assert (told["files"], told["network"]) == (["landlock"], ["seccomp"])  # RestrictNamespaces leaves no bubblewrap
    assert [line["outcome"] for line in lines if line["event"] == "examined"] == ["complete"]
