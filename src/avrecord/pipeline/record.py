"""Stating: into the log first, into the index after. The index catches up from the log by itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from avrecord.errors import KeyProblem, LogBroken
from avrecord.model.moments import from_utc_text, milliseconds, utc_text
from avrecord.model.statement import Body, ClockStepped, Statement
from avrecord.pipeline.kit import Kit
from avrecord.seal.codec import decode, encode
from avrecord.seal.keys import announced
from avrecord.store.projection import project

AT_ONCE = 500  # statements projected in one transaction


def state(kit: Kit, bodies: Iterable[Body], by: str = "service") -> list[Statement]:
    """Append statements in one durable step and index them. Nothing to say appends nothing."""
    made: list[Statement] = []
    waiting = list(bodies)
    if not waiting:
        return made

    def make(first: int) -> list[bytes]:
        now = kit.clock()
        step = None if isinstance(waiting[0], ClockStepped) else _stepped_back(kit, now)
        said: list[tuple[Body, str]] = [(step, "service")] if step else []
        said += [(body, by) for body in waiting]
        made[:] = [
            Statement(station=kit.station, seq=first + n, at=utc_text(now), by=who, body=body)
            for n, (body, who) in enumerate(said)
        ]
        return [_checked(statement, kit) for statement in made]

    with kit.log.writing():
        _same_log_key(kit)
        catch_up(kit)  # an index that knows more than the log is refused before anything is signed
        kit.log.append(make)
        catch_up(kit)
    return made[-len(waiting) :]


def _same_log_key(kit: Kit) -> None:
    """A process that was started before the log key was changed holds the old one: it must not call the log broken."""
    now = announced(kit.root / "keys", "log")
    if now is not None and now != kit.log_key.public:
        raise KeyProblem(path=kit.root / "keys" / "log.key", detail="日志密钥刚刚更换，请重新运行")


def _stepped_back(kit: Kit, now: datetime) -> ClockStepped | None:
    """What must be said first when the clock runs behind the newest statement: without it the log contradicts itself."""
    row = kit.store.row("last_at")
    if row is None or utc_text(now) >= row["at"]:
        return None
    return ClockStepped(by_ms=milliseconds(now - from_utc_text(row["at"])), method="last_statement")


def _checked(statement: Statement, kit: Kit) -> bytes:
    """The leaf's bytes, once it is sure that they can be read and indexed again.

    What is in the log cannot be taken back: one leaf that projection cannot read would stop the
    station for ever (a file name with the year 1 did).
    """
    entry = encode(statement)
    project(_write_nothing, decode(entry, statement.seq), kit.attachments.get)
    return entry


def statable(body: Body, kit: Kit) -> Exception | None:
    """What keeps a statement from being made of this, or None. Asked before a batch, so that one does not fail the others."""
    try:
        _checked(Statement(station=kit.station, seq=kit.log.size, at=utc_text(kit.clock()), by="service", body=body), kit)
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the file that it came from
        return error
    return None


def _write_nothing(query: str, **values: object) -> None:
    """The `run` of a rehearsal."""


def catch_up(kit: Kit) -> int:
    """Index every leaf that the index does not reflect yet; return how many there were.

    This is how a crash between log and index heals, and all that `rebuild` does. An index that knows
    more than the log is not the log's: that is refused.
    """
    with kit.log.writing():
        size, done = kit.log.refresh(), kit.records.projected()
        if done > size:
            raise LogBroken(index=size, detail="数据库比日志长，日志可能被截断")
        for start in range(done, size, AT_ONCE):
            with kit.store.writing() as run:
                for index, entry in kit.log.entries(start, min(size, start + AT_ONCE)):
                    project(run, decode(entry, index), kit.attachments.get)
        return size - done
