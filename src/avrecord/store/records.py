"""Rows → nouns: what the pipeline and the faces read. One read model for all of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from avrecord.model.card import SourceFile
from avrecord.model.case import Assignment, Problem, Review, Stage, StageId
from avrecord.model.checklist import Checklist
from avrecord.model.clip import Clip, ClipId, Media
from avrecord.model.device import Device, Span
from avrecord.model.moments import beijing, from_utc_text, since, utc_text
from avrecord.model.observation import Examination, Facts, Fault, Observation
from avrecord.model.officer import Officer
from avrecord.store import documents
from avrecord.store.documents import source
from avrecord.store.projection import Fetch
from avrecord.store.sqlite import Row, Store


@dataclass(frozen=True, slots=True)
class Records:
    """Questions about one station, answered from its index."""

    store: Store
    fetch: Fetch
    _lists: dict[str, Checklist] = field(default_factory=dict, compare=False, repr=False)

    def projected(self) -> int:
        """How many leaves of the log the index reflects."""
        row = self.store.row("projected")
        return int(row["size"]) if row else 0

    def clip(self, clip: ClipId) -> Clip | None:
        row = self.store.row("one_clip", clip_id=clip.hex)
        return clip_of(row) if row else None

    def clips_beginning(self, text: str) -> list[Clip]:
        """At most two clips whose id begins so: one is an answer, two are a question."""
        return [clip_of(row) for row in self.store.rows("clips_like", beginning=text.lower())]

    def clips(self, **filters: str) -> list[Clip]:
        """By case_no, recorder, officer, since, until (UTC text) and state; missing ones do not filter."""
        empty = dict.fromkeys(("case_no", "recorder", "officer", "since", "until", "state"), "")
        return [clip_of(row) for row in self.store.rows("clips_where", **(empty | filters))]

    def known(self, recorder: str | None, file: SourceFile) -> tuple[ClipId, str] | None:
        """The clip, and where it lies, that this file of this recorder was sealed as."""
        place = source(file)
        del place["path"]
        row = self.store.row("known_source", recorder=recorder or "", **place)
        return (ClipId(row["clip_id"]), row["stored"]) if row else None

    def source_stated(self, recorder: str | None, file: SourceFile, clip: ClipId) -> bool:
        place = source(file)
        del place["path"]
        return self.store.row("source_stated", recorder=recorder or "", clip_id=clip.hex, **place) is not None

    def last_manifest(self, volume: str) -> Row | None:
        """Docking, manifest digest and recorder of the last card at this place."""
        return self.store.row("last_manifest", volume=volume)

    def unexamined(self, most_attempts: int, limit: int = -1, *, newest: bool = False) -> list[tuple[Clip, int]]:
        """Clips to examine with the attempts made so far: important ones first, then as sealed; or the newest first.

        At most `limit`; -1 for all.
        """
        query = "pending_newest" if newest else "pending_examination"
        return [(clip_of(r), r["attempts"]) for r in self.store.rows(query, most=most_attempts, limit=limit)]

    def looked_at_fast(self, limit: int = -1) -> list[tuple[Clip, int]]:
        """Clips that wait for their thorough look, with the attempts made so far: those linked to a stage first."""
        return [(clip_of(r), r["attempts"]) for r in self.store.rows("pending_thorough", limit=limit)]

    def attempts(self, clip: ClipId) -> int:
        row = self.store.row("attempts_of", clip_id=clip.hex)
        return int(row["attempts"]) if row else 0

    def examination(self, clip: ClipId) -> Examination | None:
        row = self.store.row("examination", clip_id=clip.hex)
        if row is None:
            return None
        return _examination(
            row, self.store.rows("observations_of", clip_id=clip.hex), self.store.rows("faults_of", clip_id=clip.hex)
        )

    def examinations_of(self, stage: StageId) -> dict[str, Examination]:
        """Examinations of the clips linked to a stage, by clip: three questions whatever their number."""
        key = {"case_no": stage.case, "stage_id": stage.name}
        seen, faults = defaultdict(list), defaultdict(list)
        for row in self.store.rows("observations_of_stage", **key):
            seen[row["clip_id"]].append(row)
        for row in self.store.rows("faults_of_stage", **key):
            faults[row["clip_id"]].append(row)
        rows = self.store.rows("examinations_of_stage", **key)
        return {row["clip_id"]: _examination(row, seen[row["clip_id"]], faults[row["clip_id"]]) for row in rows}

    def full_examination(self, clip: ClipId) -> Examination | None:
        """The stated document itself, with every technical fact and cost."""
        row = self.store.row("examination", clip_id=clip.hex)
        return documents.read_examination(self.fetch(row["digest"])) if row else None

    def examinations(self, clips: Iterable[Clip]) -> dict[str, Examination]:
        found = ((clip.id.hex, self.examination(clip.id)) for clip in clips)
        return {clip: examination for clip, examination in found if examination}

    def stages(self, **filters: str) -> list[Stage]:
        """By case_no, unit, since and until (UTC text); missing ones do not filter."""
        empty = dict.fromkeys(("case_no", "unit", "since", "until"), "")
        rows = self.store.rows("stages_where", **(empty | filters))
        officers = self._officers({row["case_no"] for row in rows})
        return [_stage(row, officers.get(StageId(row["case_no"], row["stage_id"]), ())) for row in rows]

    def stages_of(self, cases: Collection[str]) -> dict[str, list[Stage]]:
        """The known stages of many cases by case number, in two queries however many there are."""
        officers = self._officers(cases)
        found: dict[str, list[Stage]] = {}
        for row in self.store.rows("stages_of_cases", cases=json.dumps(sorted(cases))):
            stage = StageId(row["case_no"], row["stage_id"])
            found.setdefault(stage.case, []).append(_stage(row, officers.get(stage, ())))
        return found

    def linked_stages(self, cases: Collection[str]) -> set[StageId]:
        """Which stages of these cases have a clip."""
        rows = self.store.rows("linked_stages", cases=json.dumps(sorted(cases)))
        return {StageId(row["case_no"], row["stage_id"]) for row in rows}

    def stages_held_around(self, recorder: str, since: datetime, until: datetime) -> list[Stage]:
        """Stages that begin in a span, of any officer to whom a recorder was ever assigned."""
        span = {"since": utc_text(since), "until": utc_text(until)}
        return [self._stage(row) for row in self.store.rows("stages_held_around", recorder=recorder, **span)]

    def stages_changed(self, since: int) -> list[Stage]:
        """Stages that were imported or corrected from a leaf on."""
        return [self._stage(row) for row in self.store.rows("stages_changed", since=since)]

    def stage(self, stage: StageId) -> Stage | None:
        row = self.store.row("one_stage", case_no=stage.case, stage_id=stage.name)
        return self._stage(row) if row else None

    def linked(self, stage: StageId) -> list[tuple[Clip, str]]:
        """Clips of a stage in time order, each with the method of its link."""
        rows = self.store.rows("linked_clips", case_no=stage.case, stage_id=stage.name)
        return [(clip_of(row), row["method"]) for row in rows]

    def links_of(self, clip: ClipId) -> list[StageId]:
        return [StageId(r["case_no"], r["stage_id"]) for r in self.store.rows("links_of_clip", clip_id=clip.hex)]

    def reviews(self, stage: StageId) -> tuple[Review, ...]:
        rows = self.store.rows("reviews_of", case_no=stage.case, stage_id=stage.name)
        return tuple(Review(stage, r["item"], r["decision"], r["by_whom"], from_utc_text(r["at"]), r["seq"]) for r in rows)

    def stages_reviewed(self, **span: str) -> list[Stage]:
        """Stages that any review is about; `since` and `until` (UTC text) bound their start."""
        return [self._stage(row) for row in self.store.rows("stages_reviewed", **({"since": "", "until": ""} | span))]

    def problems(self, case_no: str = "", unit: str = "") -> list[Problem]:
        """Open ones first, by deadline."""
        return [
            Problem(
                r["seq"], StageId(r["case_no"], r["stage_id"]), r["unit"] or "", r["case_kind"] or "", r["item"], r["problem"],
                r["leader"], r["department"], r["measure"], r["deadline"], r["opened_by"], r["opened_at"],
                r["closed_at"], r["closed_by"], r["evidence"], r["why"],
            )
            for r in self.store.rows("problems_where", case_no=case_no, unit=unit)
        ]  # fmt: skip

    def assignments(self) -> list[Assignment]:
        """Who holds which recorder, each with its leaf."""
        return [
            Assignment(row["recorder"], row["officer"], row["since"], row["until"], f"log:{row['seq']}")
            for row in self.store.rows("assignments_of_officers")
        ]

    def officers(self) -> dict[str, Officer]:
        """The roster, by 执法证号."""
        return {
            r["officer"]: Officer(r["officer"], r["name"], r["unit"], r["category"], _day(r["valid_until"]), f"log:{r['seq']}")
            for r in self.store.rows("roster")
        }

    def clips_around(self, recorder: str, start: datetime, end: datetime) -> list[Clip]:
        """Media clips of a recorder that may overlap a span; the longest clip bounds the search."""
        longest = self.store.row("longest_clip")
        lowest = since(start, -int(longest["ms"]) if longest else 0)
        rows = self.store.rows("clips_in_window", recorder=recorder, longest=utc_text(lowest), until=utc_text(end))
        return [clip_of(row) for row in rows]

    def checklist_for(self, moment: datetime) -> Checklist | None:
        """The version in force on the local day of a moment."""
        row = self.store.row("checklist_on", day=beijing(moment, "%Y-%m-%d"))
        if row is None:
            return None
        digest = row["checklist"]
        if digest not in self._lists:  # asked for each stage of a month; a digest always means the same list
            self._lists[digest] = documents.read_checklist(self.fetch(digest))
        return self._lists[digest]

    def devices(self) -> list[Device]:
        return [
            Device(
                r["recorder"], r["model"], r["unit"], _day(r["bought_on"]), _day(r["warranty_until"]),
                r["service_life_months"], bool(r["in_service"]), bool(r["known"]), r["price_fen"], f"log:{r['seq']}",
            )
            for r in self.store.rows("devices_known")
        ]  # fmt: skip

    def spans(self, since: date, until: date) -> list[Span]:
        """Events that touch a period, both days counted."""
        rows = self.store.rows("events_between", since=since.isoformat(), until=until.isoformat())
        return [
            Span(
                r["recorder"], r["event"], date.fromisoformat(r["since"]), _day(r["until"]), r["note"], f"log:{r['seq']}",
                r["cost_fen"],
            )
            for r in rows
        ]  # fmt: skip

    def _officers(self, cases: Collection[str]) -> dict[StageId, list[str]]:
        """The officers of each stage of these cases, in one query: one a stage took most of the time at 100,000."""
        found: dict[StageId, list[str]] = {}
        for row in self.store.rows("officers_of_cases", cases=json.dumps(sorted(cases))):
            found.setdefault(StageId(row["case_no"], row["stage_id"]), []).append(row["officer"])
        return found

    def _stage(self, row: Row) -> Stage:
        officers = self.store.rows("officers_of", case_no=row["case_no"], stage_id=row["stage_id"])
        return _stage(row, [o["officer"] for o in officers])


def _stage(row: Row, officers: Iterable[str]) -> Stage:
    return Stage(
        StageId(row["case_no"], row["stage_id"]),
        row["case_kind"],
        row["stage"],
        row["unit"],
        tuple(officers),
        from_utc_text(row["starts"]),
        from_utc_text(row["ends"]),
        row["place"],
        row["party"],
    )


def clip_of(row: Row) -> Clip:
    """A clip from any row that holds the columns of `clips`."""
    return Clip(
        id=ClipId(row["clip_id"]),
        size=row["size"],
        recorder=row["recorder"] or None,
        name=row["name"],
        stored=row["stored"],
        media=Media(row["media"]),
        start=from_utc_text(row["claimed_start"]) if row["claimed_start"] else None,
        sealed_at=from_utc_text(row["sealed_at"]),
        duration_ms=row["duration_ms"],
        offset_ms=row["offset_ms"],
        uncertainty_ms=row["uncertainty_ms"],
        set_aside=row["set_aside"],
        important=bool(row["important"]),
        sequence=row["sequence_no"],
        user=row["user_no"],
        doubt=row["claim_doubt"],
    )


def _examination(row: Row, seen: Iterable[Row], faults: Iterable[Row]) -> Examination:
    return Examination(
        clip=row["clip_id"],
        outcome=row["outcome"],
        reason=row["reason"],
        checks=tuple(row["checks"].split()),
        looked=tuple(row["looked"].split()),
        facts=Facts(
            longest_gap_ms=row["longest_gap_ms"],
            dense_to_ms=row["dense_to_ms"],
            light=row["light"],
            light_share=row["light_share"],
            video_codec=row["video_codec"],
            width=row["width"],
            height=row["height"],
        ),
        observations=tuple(map(_observation, seen)),
        faults=tuple(map(_fault, faults)),
        listened=tuple(row["listened"].split()),
        heard=tuple(tuple(int(ms) for ms in span.split("-")) for span in row["heard"].split()),
        unheard=row["unheard"],
        tier=row["tier"],
    )


def _observation(row: Row) -> Observation:
    return Observation(
        row["segment"], row["check_version"], row["at_ms"], row["score"], row["words"], row["evidence"],
        doubtful=bool(row["doubtful"]),
    )  # fmt: skip


def _fault(row: Row) -> Fault:
    return Fault(row["kind"], row["check_version"], row["from_ms"], row["to_ms"], row["detail"])


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
