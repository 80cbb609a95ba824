"""QueueRunner: a campaign's chunks as tasks in PostgreSQL (procrastinate), for workers on any number of machines.

No second server: tasks are there with the campaign's own rows, or not at all. A task says which chunk; what is left of the chunk,
and whether its campaign still runs, is asked when it begins. A worker that dies leaves a stalled task, which is begun again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import procrastinate
import psycopg
from procrastinate import exceptions
from procrastinate.types import JSONValue
from psycopg import sql

from avrecord.bureau.local import do_chunk
from avrecord.errors import ConfigError, DatabaseProblem, StoreProblem
from avrecord.pipeline.kit import Place
from avrecord.pipeline.storing import trusted_objects

SCHEMA = "procrastinate"
TASK = "avrecord.chunk"
LOCK = "avrecord.queue"
AGAIN_S = 20  # after the store did not answer: SeaweedFS takes 18-23 s to write again after a kill
AT_ONCE = 1000  # tasks in one statement
ALIVE = """SELECT args->>'number' FROM procrastinate.procrastinate_jobs
    WHERE task_name = %s AND args->>'campaign' = %s AND status IN ('todo', 'doing')"""
FOREVER = 1_000_000  # tries of a task: a chunk is ended by its clips' own count, never by a store or a line that failed


def enqueue_missing(address: str, campaign: str, numbers: Sequence[int]) -> int:
    """Tasks for those chunks of a campaign that have none alive: a task may have failed for good, or been lost in a crash
    between two steps. How many were missing."""
    with _connection(address) as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [LOCK])
        alive = {int(row[0]) for row in connection.execute(ALIVE, [TASK, campaign])}
        missing = [number for number in numbers if number not in alive]
        _defer(address, connection, campaign, missing)
        return len(missing)


def with_tasks(address: str) -> Callable[[Any, str, int], None]:
    """An `Enqueue` for `open_campaign`: tasks in the transaction that writes the campaign."""

    def defer(rows: Any, campaign: str, chunks: int) -> None:
        _defer(address, rows.connection, campaign, range(chunks))

    return defer


def prepare(address: str) -> None:
    """Make the queue's tables, once. Raises DatabaseProblem."""
    with _connection(address) as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [LOCK])
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(SCHEMA)))
        connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(SCHEMA)))
        there = connection.execute("SELECT to_regclass('procrastinate.procrastinate_jobs') AS name").fetchone()
        if there is None or there[0] is None:
            connection.execute(procrastinate.schema.SchemaManager.get_schema().encode())


def run_worker(place: Place, name: str, until_idle: bool = False) -> None:
    """Work on chunks until SIGTERM or SIGINT: the chunk in hand is finished first. `until_idle`: until none is left.

    Raises ConfigError without `bureau.database` or a store, DatabaseProblem or StoreProblem when one cannot be reached.
    """
    address = address_of(place)
    trusted_objects(place)  # what is set wrong here is said before any task is taken, not by failing it
    prepare(address)
    app, stalled = _app(address, str(place.root)), place.settings.bureau.stalled_seconds
    options: dict[str, Any] = {
        "name": name,
        "wait": not until_idle,
        "delete_jobs": "successful",
        "update_heartbeat_interval": stalled / 3,
        "stalled_worker_timeout": stalled,
        "fetch_job_polling_interval": 2.0,
    }
    try:
        asyncio.run(_run(app, options, stalled))
    except (psycopg.Error, exceptions.ConnectorException) as error:
        raise DatabaseProblem(detail=" ".join(str(error).split())) from error


def address_of(place: Place) -> str:
    """Raises ConfigError: a queue lies in PostgreSQL."""
    if not place.settings.bureau.database:
        raise ConfigError(path=place.root / "station.toml", detail="任务队列需要 PostgreSQL（bureau.database）")
    return place.settings.bureau.database


async def _run(app: procrastinate.App, options: dict[str, Any], stalled: float) -> None:
    async with app.open_async():
        retrying = asyncio.create_task(_begin_again(app, stalled))
        try:
            await app.run_worker_async(**options)
        finally:
            retrying.cancel()


async def _begin_again(app: procrastinate.App, stalled: float) -> None:
    """Hand the tasks of dead workers out again, as long as this worker lives. A database that is away ends the worker itself."""
    while True:
        with suppress(exceptions.ConnectorException):
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=stalled):
                await app.job_manager.retry_job(job)
        await asyncio.sleep(stalled / 3)


def _app(address: str, root: str) -> procrastinate.App:
    """The task. A worker runs one at a time, in a thread; further workers are further processes."""
    connector = procrastinate.PsycopgConnector(conninfo=address, kwargs={"options": f"-c search_path={SCHEMA}"}, min_size=1)
    app = procrastinate.App(connector=connector)
    again = procrastinate.RetryStrategy(max_attempts=FOREVER, wait=AGAIN_S, retry_exceptions=[StoreProblem, DatabaseProblem])

    @app.task(name=TASK, retry=again)
    def chunk(campaign: str, number: int) -> None:
        do_chunk(root, campaign, number)

    return app


def _defer(address: str, connection: Any, campaign: str, numbers: Sequence[int]) -> None:
    app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=address))
    # The queue's functions find their tables by the path; the campaign's own schema stays in it.
    path = connection.execute("SHOW search_path").fetchone()
    before = next(iter(path.values())) if isinstance(path, dict) else path[0]
    connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(SCHEMA)))
    tasks = app.configure_task(TASK, connection=connection)
    for at in range(0, len(numbers), AT_ONCE):
        wanted: list[dict[str, JSONValue]] = [{"campaign": campaign, "number": number} for number in numbers[at : at + AT_ONCE]]
        tasks.batch_defer(*wanted)
    connection.execute("SELECT set_config('search_path', %s, true)", [before])


@contextmanager
def _connection(address: str) -> Iterator[psycopg.Connection[Any]]:
    try:
        with psycopg.connect(address, autocommit=True) as connection:
            yield connection
    except psycopg.Error as error:
        raise DatabaseProblem(detail=" ".join(str(error).split())) from error
