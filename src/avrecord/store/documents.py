"""Attachment documents: nouns ↔ canonical JSON (RFC 8785). `docs/formats/attachments.md` gives them.

What a statement names by digest must be written the same way each time and read strictly, so that
`avrecord rebuild` gives the same rows from it in ten years.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import rfc8785

from avrecord.errors import EvidenceError
from avrecord.model.card import CardFacts, ClockReading, ClockStep, Oddity, SourceFile, Track
from avrecord.model.case import Stage, StageId
from avrecord.model.checklist import LATER, LISTS, Checklist, Item, Mode
from avrecord.model.moments import from_utc_text, utc_text
from avrecord.model.observation import Examination, Facts, Fault, Observation, Offered

Json = dict[str, Any]
MOST_STEPS = 100  # kept of a card whose logs go back for years


def write(name: str, content: Json) -> bytes:
    """A document of the given schema name as canonical bytes."""
    return rfc8785.dumps({"schema": f"avrecord.{name}/1", **content})


def read(name: str, document: bytes) -> Json:
    """The content of a document. Raises EvidenceError when it is of another schema."""
    try:
        content = json.loads(document)
        if content.pop("schema") != f"avrecord.{name}/1":
            raise ValueError("schema")
    except (ValueError, KeyError, AttributeError) as error:
        raise EvidenceError(detail=f"附件不是 avrecord.{name}/1 格式") from error
    return dict(content)


def manifest(files: Iterable[SourceFile]) -> bytes:
    """Every file on a card, in path order."""
    return write("manifest", {"files": [source(file) for file in sorted(files)]})


def source(file: SourceFile) -> Json:
    """One file of a card: path as read and as bytes, size, modification time (nanoseconds, text)."""
    return {
        "path": file.shown,
        "path_raw": base64.b64encode(file.path).decode(),
        "size": file.size,
        "mtime": str(file.mtime_ns),
    }


def read_manifest(document: bytes) -> tuple[SourceFile, ...]:
    return tuple(
        SourceFile(base64.b64decode(f["path_raw"]), f["size"], int(f["mtime"])) for f in read("manifest", document)["files"]
    )


LATER_FACTS = (
    "derived_from", "derived_copy", "nominal_mfps", "dense_to_ms",
    "overlay_start", "overlay_drift_ms", "overlay_reads", "light", "light_share",
)  # fmt: skip
"""Written only where they say something: documents without them are the same bytes as ever."""


LATER_PARTS = ("listened", "heard", "unheard", "tier", "offered")
"""Left out where empty, for the same reason."""


def examination(found: Examination) -> bytes:
    content = asdict(found)
    content["cost"] = dict(found.cost)
    content["facts"] = _but(content["facts"], *LATER_FACTS)
    content["observations"] = [_but(seen, "crop") for seen in content["observations"]]
    plain = _but(content, *LATER_PARTS)
    return write("examination", _listed(plain))


def read_examination(document: bytes) -> Examination:
    content = read("examination", document)
    return Examination(
        clip=content["clip"],
        outcome=content["outcome"],
        reason=content["reason"],
        checks=tuple(content["checks"]),
        looked=tuple(content["looked"]),
        facts=Facts(**content["facts"]),
        observations=tuple(Observation(**(o | {"box": tuple(o["box"])})) for o in content["observations"]),
        faults=tuple(Fault(**fault) for fault in content["faults"]),
        cost=tuple(sorted(content["cost"].items())),
        listened=tuple(content.get("listened", ())),
        heard=tuple(tuple(span) for span in content.get("heard", ())),
        unheard=content.get("unheard"),
        tier=content.get("tier", ""),
        offered=tuple(Offered(**each) for each in content.get("offered", ())),
    )


def stages(found: Iterable[Stage]) -> bytes:
    return write("cases", {"stages": [_stage(stage) for stage in found]})


def read_stages(document: bytes) -> tuple[Stage, ...]:
    return tuple(
        Stage(
            StageId(row["case"], row["stage_id"]),
            row["case_kind"],
            row["stage"],
            row["unit"],
            tuple(row["officers"]),
            from_utc_text(row["start"]),
            from_utc_text(row["end"]),
            row["place"],
            row["party"],
        )
        for row in read("cases", document)["stages"]
    )


def roster(officers: Iterable[Json]) -> bytes:
    return write("roster", {"officers": list(officers)})


def duty(entries: Iterable[Json]) -> bytes:
    """Who is on duty: `day`, `unit`, `officer` of each entry, in this order."""
    keys = ("day", "unit", "officer")
    return write("duty", {"entries": sorted(({key: e[key] for key in keys} for e in entries), key=lambda e: [*e.values()])})


def read_duty(document: bytes) -> list[dict[str, str]]:
    return list(read("duty", document)["entries"])


def checklist(found: Checklist) -> bytes:
    content = asdict(found) | {"in_force_from": found.in_force_from.isoformat()}
    content["items"] = [_but(item, *LATER) for item in content["items"]]
    return write("checklist", _listed(content))


def read_checklist(document: bytes) -> Checklist:
    content = read("checklist", document)
    items = tuple(Item(**(item | {"mode": Mode(item["mode"])} | _tuples(item, LISTS))) for item in content["items"])
    return Checklist(content["name"], content["unit"], content["version"], date.fromisoformat(content["in_force_from"]), items)


def scrub(read_back: Iterable[tuple[str, str]]) -> bytes:
    """Clips that were read again, each with the finding's code."""
    return write("scrub", {"read": [{"clip": clip, "code": code} for clip, code in read_back]})


def read_scrub(document: bytes) -> tuple[tuple[str, str], ...]:
    return tuple((row["clip"], row["code"]) for row in read("scrub", document)["read"])


def population(rule: Json, found: Iterable[StageId]) -> bytes:
    """What a draw is made from: the rule in its own words, and every id, in order."""
    return write("population", {"rule": rule, "stages": [stage_text(stage) for stage in sorted(found)]})


def read_population(document: bytes) -> tuple[Json, tuple[str, ...]]:
    content = read("population", document)
    return content["rule"], tuple(content["stages"])


def sample(found: Iterable[str]) -> bytes:
    """What was drawn, in the order drawn."""
    return write("sample", {"stages": list(found)})


def read_sample(document: bytes) -> tuple[StageId, ...]:
    return tuple(StageId(*text.split("\n")) for text in read("sample", document)["stages"])


def stage_text(stage: StageId) -> str:
    """Case and stage as one line each: what the lot is drawn over."""
    return f"{stage.case}\n{stage.name}"


def problem(problem: str, leader: str, department: str, measure: str) -> bytes:
    """A problem in words, with who answers for it and what is to be done. Names stand here and not in the log."""
    return write("problem", {"problem": problem, "leader": leader, "department": department, "measure": measure})


def read_problem(document: bytes) -> dict[str, str]:
    content = read("problem", document)
    return {name: str(content[name]) for name in ("problem", "leader", "department", "measure")}


def _stage(stage: Stage) -> Json:
    return {
        "case": stage.id.case,
        "stage_id": stage.id.name,
        "case_kind": stage.case_kind,
        "stage": stage.stage,
        "unit": stage.unit,
        "officers": list(stage.officers),
        "start": utc_text(stage.start),
        "end": utc_text(stage.end),
        "place": stage.place,
        "party": stage.party,
    }


def _but(content: Json, *names: str) -> Json:
    """Without those of the named parts that are None or empty. Zero is said."""
    return {name: part for name, part in content.items() if name not in names or part not in (None, (), [], "")}


def _tuples(content: Json, names: Iterable[str]) -> Json:
    """Those of the named parts that are there, as tuples."""
    return {name: tuple(content[name]) for name in names if name in content}


def _listed(value: Any) -> Any:
    """Tuples become lists all the way down: canonical JSON knows no tuples."""
    if isinstance(value, dict):
        return {key: _listed(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_listed(each) for each in value]
    return value


def card_facts(facts: CardFacts) -> bytes | None:
    """What a card told beside its identity; None when it told nothing. Parts without content are left out."""
    content = {
        "identity_from": facts.identity_from,
        "readings": [_reading(reading) for reading in facts.readings],
        "steps": [
            {"offset_ms": step.offset_ms, "own": _moment(step.own), "true": _moment(step.true)}
            for step in facts.steps[-MOST_STEPS:]
        ],
        "clock_set": facts.clock_set,
        "free_mb": facts.free_mb,
        "users": list(facts.users),
        "faults": list(facts.faults),
        "tracks": [
            {"path": track.path, "first": _moment(track.first), "last": _moment(track.last), "bad": track.bad}
            for track in facts.tracks
        ],
        "oddities": [asdict(oddity) for oddity in facts.oddities],
    }
    said = {key: value for key, value in content.items() if value or (value == 0 and value is not False)}
    return write("card-facts", said) if said else None


def read_card_facts(document: bytes) -> CardFacts:
    """The inverse of `card_facts`, but for each track's own reading, which stands among `readings`."""
    said = read("card-facts", document)
    return CardFacts(
        identity_from=said.get("identity_from"),
        readings=tuple(ClockReading(**(each | {"own": _from(each["own"])})) for each in said.get("readings", [])),
        steps=tuple(ClockStep(each["offset_ms"], _from(each["own"]), _from(each["true"])) for each in said.get("steps", [])),
        clock_set=said.get("clock_set", False),
        free_mb=said.get("free_mb"),
        users=tuple(said.get("users", [])),
        faults=tuple(said.get("faults", [])),
        tracks=tuple(Track(t["path"], _from(t["first"]), _from(t["last"]), t["bad"]) for t in said.get("tracks", [])),
        oddities=tuple(Oddity(**each) for each in said.get("oddities", [])),
    )


def _reading(reading: ClockReading) -> Json:
    return asdict(reading) | {"own": _moment(reading.own)}


def _moment(moment: datetime | None) -> str | None:
    return utc_text(moment) if moment else None


def _from(text: str | None) -> datetime | None:
    return from_utc_text(text) if text else None
