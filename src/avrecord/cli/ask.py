"""`avrecord bureau ask`: any question that a station answers, asked of one station or of all."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

import click

from avrecord.cli.base import Asking, Command, Session, session
from avrecord.cli.output import give
from avrecord.pipeline.kit import Kit
from avrecord.reads.across import across
from avrecord.reads.answer import Answer

ALL = ("all", "全部")
QUESTIONS = (
    "clips", "cases list", "cases show", "cases proposals", "cases missing", "reviews queue", "reviews agreement",
    "checklist show", "checklist list", "devices list", "devices show", "devices life", "devices flags",
    "devices availability", "devices sufficiency", "devices plan repair", "devices plan retire", "devices plan renew",
    "officers list", "audit statistics", "rectify list", "rectify show", "retention hold show",
    "archive list",
)  # fmt: skip
"""Commands that only ask, and only the index. Nothing else is run with another station behind it."""


@click.command("ask", cls=Command, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("station", metavar="采集站编号|全部")
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="命令 …")
@session
@click.pass_context
def ask(context: click.Context, s: Session, station: str, words: tuple[str, ...]) -> None:
    """在市局的索引上提问：用采集站的查询命令，问一个站或全部；只读，不改动任何采集站。"""
    if not _is_question(words):
        raise click.UsageError(f"只能用查询命令：{'、'.join(QUESTIONS)}")
    forms: list[dict[str, Any]] = []

    def answer(view: Kit) -> Answer:
        asking = Asking(s.root, s.run, quiet=True)
        asking.__dict__["kit"] = view
        _run(context.find_root().command, list(words), asking)
        [(found, form)] = asking.answers
        forms.append(form)
        return found

    found = across(s.kit, answer, None if station in ALL else station)
    give(found, **forms[0])


def _is_question(words: tuple[str, ...]) -> bool:
    """The command itself, before its first option or value. `clips show` and `archive receipt` are not `clips` and `archive`."""
    said = [*takewhile(lambda word: not word.startswith("-"), words)]
    found = any(said[: len(known)] == known for known in (each.split() for each in QUESTIONS))
    return found and said[:2] not in (["clips", "show"], ["clips", "proxy"])


def _run(command: click.Command, words: list[str], asking: Asking) -> None:
    """A command line with another station behind it."""
    assert isinstance(command, click.Group)
    above = click.Context(command, info_name="avrecord", obj=asking)
    with above:
        name, chosen, rest = command.resolve_command(above, words)
        assert chosen is not None
        with chosen.make_context(name, rest, parent=above) as inner:
            chosen.invoke(inner)


COMMANDS = (ask,)
