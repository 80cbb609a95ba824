"""A stage for drills about keys: a station, a bureau that witnesses it, an offline root, an auditor's desk, one clock."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from avrecord import station
from avrecord.dock.volumes import volume_at
from avrecord.errors import BadInput, KeyProblem
from avrecord.model.case import Stage, StageId
from avrecord.model.statement import CaseImported, ServiceStarted, Taken
from avrecord.pipeline import authority, rotation, witnessing
from avrecord.pipeline.bundle import make_bundle
from avrecord.pipeline.keylists import read_for_audit
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.receive import receive
from avrecord.pipeline.record import state
from avrecord.pipeline.review import link_by_hand
from avrecord.pipeline.standing import Demand
from avrecord.pipeline.unbundle import read_trust, verify_bundle
from avrecord.pipeline.verify import verify
from avrecord.seal import keyfile, keys
from avrecord.seal.codec import decode, encode
from avrecord.seal.log import Log
from avrecord.seal.note import COSIGNATURE, NoteKey
from avrecord.seal.signer import SoftSigner
from avrecord.seal.sshsig import sign
from avrecord.store import documents
from conftest import pattern

DAY = timedelta(days=1)
START = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
WORD = b"word"


class Clock:
    """One clock for station, witness and root; the tests move it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Scene:
    """A station, a bureau that witnesses it, an offline root, and an auditor's desk with the root's public key."""

    root: Path
    desk: Path
    authority: Path
    clock: Clock
    dcam: object
    kit: Kit
    bureau: Kit
    taken: int = 0

    def take(self) -> None:
        self.taken += 1
        card = self.dcam({f"VIDEO/{9 + self.taken:02d}0000.mp4": pattern(5000, self.taken)}, name=f"slot{self.taken}")
        receive(volume_at(card), self.kit)

    def witness(self) -> None:
        reply = witnessing.answer(self.bureau, witnessing.request(self.kit))
        assert reply.status == 200, reply.body
        key = NoteKey(self.bureau.witness_name, self.bureau.witness_key.public, COSIGNATURE)
        witnessing.accept(self.kit, reply.body, key, "041001")

    def reopen(self) -> None:
        self.kit.store.close()
        self.kit = station.open_station(self.root, clock=self.clock)

    def list_keys(self) -> None:
        paths = []
        for kit in (self.kit, self.bureau):
            loaded = keys.load(kit.root / "keys", kit.station)
            public = {"clip": loaded.sealer.public, "log": loaded.log.public, "witness": loaded.witness.public}
            path = self.desk / f"{kit.station}.json"
            path.write_bytes(authority.exported(kit.station, {r: keys.public_text(r, kit.station, k) for r, k in public.items()}))
            paths.append(path)
        authority.add(self.authority, paths, self.clock.now, 400, lambda: WORD)

    def demand(self) -> Demand:
        found, findings, _ = read_for_audit(self.authority / "keylist.json", self.desk / "root.pub")
        assert findings == []
        return Demand(keys=found, now=self.clock.now)

    def totals(self, demand: Demand | None = None) -> dict[str, int]:
        return verify(self.kit, demand=demand or self.demand()).totals


@pytest.fixture
def scene(root, tmp_path, dcam, monkeypatch):
    monkeypatch.setattr("nacl.pwhash.argon2id.OPSLIMIT_MODERATE", 1)
    monkeypatch.setattr("nacl.pwhash.argon2id.MEMLIMIT_MODERATE", 8192)
    shutil.rmtree(root)
    clock = Clock()
    for folder, name in ((root, "station-01"), (tmp_path / "bureau", "bureau")):
        station.create(folder, name, "测试", clock=clock)
    settings = root / "station.toml"
    settings.write_text(settings.read_text("utf-8").replace("settle_seconds = 2.0", "settle_seconds = 0.0"), "utf-8")
    authority.init(tmp_path / "authority", WORD, clock.now, 400)
    (tmp_path / "desk").mkdir()
    shutil.copy(tmp_path / "authority" / "root.pub", tmp_path / "desk")
    kit, bureau = (station.open_station(folder, clock=clock) for folder in (root, tmp_path / "bureau"))
    made = Scene(root, tmp_path / "desk", tmp_path / "authority", clock, dcam, kit, bureau)
    witnessing.trust(bureau, kit.log_key.vkey)
    made.list_keys()
    yield made
    made.kit.store.close()
    made.bureau.store.close()
