"""Rows that draws and problems give."""

from __future__ import annotations

from avrecord.model import statement as said
from avrecord.model.statement import Statement
from avrecord.store import documents
from avrecord.store.projecting.base import Fetch, Run, rows_of


@rows_of.register
def _(body: said.AuditAnnounced, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "add_announcement",
        seq=statement.seq,
        population=body.population,
        of_count=body.of,
        count=body.count,
        by_whom=statement.by,
        at=statement.at,
    )


@rows_of.register
def _(body: said.AuditDrawn, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "add_draw",
        seq=statement.seq,
        announced=body.announced,
        seed=body.seed,
        seed_from=body.seed_from,
        sample=body.sample,
        count=body.count,
        at=statement.at,
    )
    for n, stage in enumerate(documents.read_sample(fetch(body.sample))):
        run("add_drawn", seq=statement.seq, n=n, case_no=stage.case, stage_id=stage.name)


@rows_of.register
def _(body: said.ProblemOpened, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "add_problem",
        seq=statement.seq,
        case_no=body.case,
        stage_id=body.stage,
        item=body.item,
        opened_by=statement.by,
        opened_at=statement.at,
        deadline=body.deadline,
        **documents.read_problem(fetch(body.details)),
    )
    _step(statement, statement.seq, "opened", body.details, run)


@rows_of.register
def _(body: said.ProblemChanged, statement: Statement, run: Run, fetch: Fetch) -> None:
    run("change_problem", seq=body.problem, deadline=body.deadline, **documents.read_problem(fetch(body.details)))
    _step(statement, body.problem, "changed", body.details, run)


@rows_of.register
def _(body: said.ProblemClosed, statement: Statement, run: Run, fetch: Fetch) -> None:
    run(
        "close_problem",
        seq=body.problem,
        at=statement.at,
        by_whom=statement.by,
        evidence=body.evidence,
        why=fetch(body.why).decode("utf-8", "replace"),
    )
    _step(statement, body.problem, "closed", body.why, run)


@rows_of.register
def _(body: said.ProblemReopened, statement: Statement, run: Run, fetch: Fetch) -> None:
    run("reopen_problem", seq=body.problem)
    _step(statement, body.problem, "reopened", body.why, run)


def _step(statement: Statement, problem: int, step: str, words: str, run: Run) -> None:
    run("add_problem_step", seq=statement.seq, problem=problem, step=step, by_whom=statement.by, at=statement.at, words=words)
