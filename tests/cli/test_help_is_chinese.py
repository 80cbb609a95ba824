"""The help of every command is Chinese: what is left in Latin letters can be typed or is a proper name."""

from __future__ import annotations

import re

import click
import pytest

from avrecord.cli.main import root_group
from cli.desk import Said, spoken

NAMES = {
    "AVRECORD_ROOT",
    "CSV",
    "Excel",
    "JSON",
    "KRL",
    "OpenSSH",
    "RFC",
    "argon2id",
    "SHA-256",
    "SQLite",
    "SVG",
    "TOML",
    "U",
    "UTC",
    "allowed_signers",
    "avrecord",
    "csv",
    "http",
    "json",
    "root",
    "witness",
    "xls",
    "xlsx",
}
CODES = {
    "clip",
    "log",
    "footage",
    "id_shown",
    "missing",
    "month",
    "again",
    "case",
    "closed",
    "days",
    "start",
    "what",
    "open",
    "other",
    "overdue",
    "stage",
    "withdrawn",
    "not_required",
    "officer",
    "sealed",
    "seen",
    "set_aside",
    "unit",
    "admin",
    "auditor",
    "custodian",
    "operator",
    "supervisor",
    "read",
    "push",
}
TYPED = NAMES | CODES
FILE = re.compile(r"(?:[a-z]+/)?[a-z]*\.[a-z-]+")  # a file's name or its ending: .xlsx, keys/witness.vkey
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]*")


def every(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The path of each group and command."""
    context = click.Context(group)
    below = [
        found
        for name in group.list_commands(context)
        if (command := group.get_command(context, name))
        for found in (every(command, (*path, name)) if isinstance(command, click.Group) else [(*path, name)])
    ]
    return [path, *below]


PATHS = every(root_group)


def spelled(path: tuple[str, ...]) -> set[str]:
    """Words that one types to get there or from there on: names of commands, options without dashes."""
    context, command, words = click.Context(root_group), root_group, {"help", "h", *path}
    for name in path:
        command = command.get_command(context, name)
    words |= {option.lstrip("-") for parameter in command.params for option in parameter.opts}
    return words | set(command.list_commands(context) if isinstance(command, click.Group) else ())


@pytest.fixture(scope="module")
def helps() -> dict[tuple[str, ...], Said]:
    return dict(zip(PATHS, spoken([[*path, "--help"] for path in PATHS]), strict=True))


def test_all_commands_are_there():
    assert {path[0] for path in PATHS if path} >= {
        "demo", "init", "run", "ingest", "status", "doctor", "config", "rebuild", "clips", "check",
        "cases", "review", "checklist", "devices", "officers", "verify", "audit", "log",
    }  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=lambda path: " ".join(path) or "avrecord")
def test_help_holds_no_word_that_is_neither_typed_nor_a_name(helps, path):
    assert set(WORD.findall(FILE.sub(" ", helps[path].out))) - TYPED - spelled(path) == set()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: " ".join(path) or "avrecord")
def test_help_says_how_and_what_for_on_stdout(helps, path):
    said = helps[path]
    assert (said.code, said.err) == (0, "")
    usage, empty, purpose, *_ = said.out.splitlines()
    assert usage.startswith("用法：" + " ".join(("avrecord", *path)))
    assert empty == ""
    assert re.search(r"[一-鿿]{2}.*。$", purpose)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: " ".join(path) or "avrecord")
def test_every_option_of_a_command_is_explained(helps, path):
    lines = [line for line in helps[path].out.splitlines() if line.lstrip().startswith("-")]
    assert [line for line in lines if not re.search(r"  .*[一-鿿]{2}", line.strip())] == []


def test_the_program_without_words_shows_its_help_and_is_a_usage_error():
    (said,) = spoken([[]])
    assert said.code == 2
    assert "命令：" in said.out + said.err


def test_the_version_is_said():
    (said,) = spoken([["--version"]])
    assert re.fullmatch(r"avrecord \d+\.\d+\.\d+\n", said.out)
