"""Chinese command classes, and what all commands share: the station and the forms of an answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.cells import cell_len

from avrecord.cli.progress import teller
from avrecord.pipeline.kit import Kit
from avrecord.reads.answer import Answer
from avrecord.station import open_station

# Raw type names stand in click's messages ("'x' 不是有效的integer"); metavar does not reach them.
for _type, _name in ((click.types.IntParamType, "整数"), (click.types.IntRange, "整数"), (click.types.StringParamType, "文字")):
    _type.name = _name

USAGE = "用法："
NUMBER = re.compile(r"[A-Za-z0-9-]*[0-9][A-Za-z0-9-]*")


class Formatter(click.HelpFormatter):
    """Full-width headings, and columns aligned by the cells that Chinese characters take."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        self.write(f"{prefix or USAGE}{prog} {args}\n")

    def write_heading(self, heading: str) -> None:
        self.write(f"{heading}：\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 34, col_spacing: int = 2) -> None:
        rows = list(rows)
        wide = min(max((cell_len(first) for first, _ in rows), default=0), col_max)
        for first, second in rows:
            self.write(f"  {first}{' ' * max(col_spacing, wide + col_spacing - cell_len(first))}{second}\n")


class Context(click.Context):
    formatter_class = Formatter


class Command(click.Command):
    """A command whose help and errors are Chinese throughout."""

    context_class = Context

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("options_metavar", "[选项]")
        super().__init__(*args, **kwargs)


class Group(click.Group):
    """A group of such commands."""

    context_class = Context
    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("options_metavar", "[选项]")
        kwargs.setdefault("subcommand_metavar", "命令 …")
        super().__init__(*args, **kwargs)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """First sentences as written: click would shorten a Chinese one, which has no spaces, to `...`."""
        rows = [
            (name, (command.help or "").strip().splitlines()[0])
            for name in self.list_commands(ctx)
            if (command := self.get_command(ctx, name)) and not command.hidden
        ]
        with formatter.section("命令"):
            formatter.write_dl(rows)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order they were added, which is the order of a day's work."""
        return list(self.commands)


Group.group_class = Group


@dataclass
class Session:
    """One run of the command line: where the station is, and how talkative to be."""

    root: Path
    run: Callable[[list[str]], int]
    """Run another command line, as `demo` does to show the answers."""
    quiet: bool = False

    @property
    def is_open(self) -> bool:
        """Whether a command asked for the station."""
        return "kit" in self.__dict__

    @cached_property
    def kit(self) -> Kit:
        """The station, opened when first asked for."""
        return open_station(self.root, teller(self.quiet))


@dataclass
class Asking(Session):
    """A question to one of many stations: its answer is kept for who asked, and printed with the others."""

    answers: list[tuple[Answer, dict[str, Any]]] = field(default_factory=list)

    def heard(self, answer: Answer, form: dict[str, Any]) -> None:
        """Keep an answer, and the form in which it was asked for."""
        self.answers.append((answer, form))


session = click.make_pass_decorator(Session)


def number(_: click.Context, parameter: click.Parameter, value: str) -> str:
    """Who acts: a number, never a name, never the program itself. Statements hold no names of people."""
    if not NUMBER.fullmatch(value) and value != parameter.default:
        raise click.BadParameter("应填执法证号或工号（字母和数字），不要填姓名")
    return value


def at_least(least: int) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A number's lower bound. click's own ranges print `x>=1` into the help."""

    def check(_: click.Context, __: click.Parameter, value: Any) -> Any:
        if value is not None and value < least:
            raise click.BadParameter(f"不应小于 {least}")
        return value

    return check


def words_needed(_: click.Context, __: click.Parameter, value: str) -> str:
    """A reason that says something."""
    if not value.strip():
        raise click.BadParameter("请写明理由")
    return value


by_default = click.option("--by", default="service", metavar="证号", callback=number, help="操作人的执法证号或工号")
by_option = click.option("--by", required=True, metavar="证号", callback=number, help="操作人的执法证号或工号（不要填姓名）")
check_option = click.option("--check", is_flag=True, help="只检查，不写入")


F = TypeVar("F", bound=Callable[..., Any])


def options(*decorators: Callable[[Any], Any]) -> Callable[[F], F]:
    """Several option decorators as one, in the order given."""

    def apply(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply
