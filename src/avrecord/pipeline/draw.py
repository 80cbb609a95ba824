"""抽取: announce, wait for a seed that nobody chose, draw; and draw again to check (`docs/formats/draw.md`)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from avrecord.errors import NotDrawable, UnknownName
from avrecord.model.case import StageId
from avrecord.model.statement import AuditAnnounced, AuditDrawn
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import state
from avrecord.rules.drawing import draw_sample
from avrecord.store import documents
from avrecord.store.sqlite import Row


@dataclass(frozen=True, slots=True)
class Drawn:
    """A draw as stated. `same`: the seed is the one that was due, and the same comes out again."""

    announced: int
    of: int
    seed_from: str
    seed: str
    stages: tuple[StageId, ...]
    same: bool
    rule: dict[str, Any]


def announce(count: int, by: str, kit: Kit, **filters: str) -> tuple[int, int]:
    """State what will be drawn: every stage that the filters give now. Returns the leaf, and how many there are.

    Raises UnknownName where there is nothing to draw from.
    """
    stages = [stage.id for stage in kit.records.stages(**filters)]
    if not stages:
        raise UnknownName(what="符合条件的案件环节", name="、".join(value for value in filters.values() if value) or "全部")
    rule = {"count": count, **{key: value for key, value in filters.items() if value}}
    body = AuditAnnounced(population=kit.attachments.put(documents.population(rule, stages)), of=len(stages), count=count)
    [made] = state(kit, [body], by)
    return made.seq, len(stages)


def draw(announced: int, by: str, kit: Kit, public: str = "") -> Drawn:
    """Draw for an announcement, once. `public`: a number that others published after it, with its source.

    The seed is the first cosigned checkpoint after the announcement; without one, `public`; without that the station's own
    checkpoint, which is said to prove less. Raises UnknownName, NotDrawable when it was drawn already.
    """
    row = kit.store.row("one_announcement", seq=announced)
    if row is None:
        raise UnknownName(what="抽取公告（序号见 audit draw --list）", name=str(announced))
    if kit.store.row("draw_of", announced=announced):
        raise NotDrawable(number=announced)
    seed_from, content = _seed(announced, public, kit)
    _, population = documents.read_population(kit.attachments.get(row["population"]))
    sample = draw_sample(population, hashlib.sha256(content).digest(), row["count"])
    body = AuditDrawn(
        announced=announced,
        seed=kit.attachments.put(content),
        seed_from=seed_from,
        sample=kit.attachments.put(documents.sample(sample)),
        count=len(sample),
    )
    state(kit, [body], by)
    return drawn(announced, kit)


def drawn(announced: int, kit: Kit) -> Drawn:
    """A draw as stated, drawn again from the announced list and the seed. Raises UnknownName."""
    row, made = kit.store.row("one_announcement", seq=announced), kit.store.row("draw_of", announced=announced)
    if row is None or made is None:
        raise UnknownName(what="已抽取的公告（序号见 audit draw --list）", name=str(announced))
    rule, population = documents.read_population(kit.attachments.get(row["population"]))
    seed = hashlib.sha256(kit.attachments.get(made["seed"])).digest()
    stages = documents.read_sample(kit.attachments.get(made["sample"]))
    again = draw_sample(population, seed, row["count"])
    same = tuple(documents.stage_text(stage) for stage in stages) == again and _is_due(made, kit)
    return Drawn(announced, row["of_count"], made["seed_from"], seed.hex(), stages, same, rule)


def _is_due(made: Row, kit: Kit) -> bool:
    """Whether the seed is the one that was due: the first cosignature that the log stated between announcement and draw; a
    number or the station's own checkpoint only where there was none."""
    first = kit.store.row("first_anchor_over", size=made["announced"])
    if first is None or first["seq"] > made["seq"]:
        return bool(made["seed_from"] != "cosignature")
    return bool(made["seed_from"] == "cosignature" and made["seed"] == first["note"])


def _seed(announced: int, public: str, kit: Kit) -> tuple[str, bytes]:
    """The first cosignature after the announcement that the log itself states: files may go or come, its leaves do not."""
    row = kit.store.row("first_anchor_over", size=announced)
    if row:
        return "cosignature", kit.attachments.get(row["note"])
    if public:
        return "public", public.encode()
    return "checkpoint", kit.log.checkpoint().encode()
