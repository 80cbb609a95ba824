"""`avrecord`: the group of all commands, and the last place that an error reaches."""

from __future__ import annotations

import errno
import importlib
import sys
import traceback
from pathlib import Path

import click

from avrecord import __version__
from avrecord.cli.base import USAGE, Group, Session
from avrecord.errors import AvrecordError, Interrupted, NoSpace

ROOMS = {
    "demo": ("demo",), "init": ("station",), "run": ("run",), "ingest": ("station",), "status": ("station",),
    "doctor": ("station",), "config": ("station",), "rebuild": ("station",), "clips": ("clips",), "check": ("check",),
    "cases": ("cases", "linking", "missing"), "review": ("reviews",), "reviews": ("reviews",), "checklist": ("checklist",),
    "devices": ("devices",), "officers": ("officers",), "verify": ("verify",), "account": ("trust",),
    "audit": ("trust", "draws", "statistics", "selfcheck"), "rectify": ("rectify",), "log": ("log",), "keys": ("keys",),
    "release": ("release",), "releases": ("release",), "retention": ("retention",), "archive": ("archive",), "sync": ("sync",),
    "bureau": ("bureau",), "install-service": ("service",), "platform": ("exchange",), "tokens": ("exchange",),
    "users": ("users",),
}  # fmt: skip
"""Every command in the order of a day's work, and the modules that make it. Only the one that was asked for is loaded: all of
them take 1.9 s, two thirds of it for pages, workbooks and engines that most commands never touch."""


class Commands(Group):
    """The commands of `ROOMS`, each loaded when somebody asks for it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(ROOMS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in ROOMS:
            return None
        modules = [importlib.import_module(f"avrecord.cli.{name}") for name in ROOMS[cmd_name]]
        made: dict[str, click.Command] = {command.name: command for command in modules[0].COMMANDS}
        return made[cmd_name]


@click.group(cls=Commands, context_settings={"help_option_names": ["--help", "-h"]})
@click.option(
    "--root",
    envvar="AVRECORD_ROOT",
    default="station",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="目录",
    help="采集站目录（也可用环境变量 AVRECORD_ROOT）",
)
@click.option("-q", "--quiet", is_flag=True, help="不显示进度")
@click.version_option(__version__, prog_name="avrecord", message="%(prog)s %(version)s")
@click.pass_context
def root_group(context: click.Context, root: Path, quiet: bool) -> None:
    """执法记录仪音像资料：采集封存、抽检、关联案件、核验、台账。"""
    context.obj = Session(root.absolute(), run, quiet)


def run(arguments: list[str]) -> int:
    """Run one command line; return its exit code. Nothing a person did shows a traceback."""
    try:
        done = root_group.main(arguments, prog_name="avrecord", standalone_mode=False)
        return done if isinstance(done, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "")
        return 2
    except click.UsageError as error:
        if error.ctx:
            click.echo(f"{USAGE}{error.ctx.command_path} …（{error.ctx.command_path} --help 查看帮助）", err=True)
        click.echo(f"错误：{error.format_message().rstrip('.')}", err=True)
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo(f"{Interrupted()}", err=True)
        return Interrupted.exit_code
    except AvrecordError as error:
        click.echo(f"错误：{error}", err=True)
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            click.echo(f"错误：{NoSpace(needed='更多', free=0)}", err=True)
            return NoSpace.exit_code
        click.echo(f"错误：{AvrecordError(detail=f'{type(error).__name__}: {error}')}", err=True)
        traceback.print_exc()
        return 1
