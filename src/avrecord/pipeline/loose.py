"""Examining a file that lies anywhere: without a station, or at the bureau. Nothing is stated, and frames are named, not kept."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from avrecord.dock.profile import media_of
from avrecord.media.trial import in_force
from avrecord.media.worker import Limits, isolated
from avrecord.model.card import SourceFile
from avrecord.model.clip import ClipId, Media
from avrecord.model.observation import Examination
from avrecord.pipeline.examine import TASK, THOROUGH, read_outcome, request_for, with_clock
from avrecord.pipeline.speech import listened
from avrecord.settings import CheckTable
from avrecord.vault.attachments import Attachments
from avrecord.vault.digester import file_digest


def examine_file(path: Path, segments: Mapping[str, Any], table: CheckTable, home: Path) -> Examination:
    """A thorough look by an isolated child. `home`: from where `table.speech_model` is meant."""
    path = path.absolute()
    media = media_of(SourceFile(path.name.encode(), path.stat().st_size, 0))
    request = request_for(path, media.value, dict(segments), table, THOROUGH)
    limits = Limits(table.memory_mib << 20, table.cpu_seconds, table.wall_seconds)
    with (
        tempfile.TemporaryDirectory() as folder,
        isolated(TASK, request, limits, reads=[path], isolation=in_force(table.isolation)) as outcome,
    ):
        clip = ClipId(file_digest(path)[0])
        seen = with_clock(read_outcome(clip.hex, outcome, Attachments(Path(folder)).put), None, table)
    return seen if media is Media.PHOTO else listened(seen, path, [], dict(segments), table, home)
