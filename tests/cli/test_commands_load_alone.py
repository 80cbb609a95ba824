"""A command loads what it needs: a dock PC answers a question in the time of that question, not of the whole product."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import click

import avrecord.cli
from avrecord.cli.main import ROOMS, root_group

BELOW = {"ask", "campaigns", "letters"}  # their commands stand below `bureau`


def test_every_command_of_every_module_is_in_the_table_and_no_other():
    modules = {
        name: importlib.import_module(f"avrecord.cli.{name}") for _, name, _ in pkgutil.iter_modules(avrecord.cli.__path__)
    }
    made = {
        command.name: name for name, module in modules.items() if name not in BELOW for command in getattr(module, "COMMANDS", ())
    }
    assert {name: rooms[0] for name, rooms in ROOMS.items()} == made
    with_commands = {name for name, module in modules.items() if hasattr(module, "COMMANDS")} - BELOW
    assert {name for rooms in ROOMS.values() for name in rooms} == with_commands


def test_a_command_that_does_not_exist_is_named():
    assert root_group.get_command(click.Context(root_group), "delete") is None


def test_a_question_loads_neither_the_pages_nor_the_dictionary_of_sounds(root):
    asked = f"from avrecord.cli.main import run; import sys; run(['--root', {str(root)!r}, 'clips']); print(sorted(sys.modules))"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60).stdout
    assert "'avrecord.reads.clips'" in said
    for heavy in ("fastapi", "pypinyin", "docx", "av", "cv2"):
        assert f"'{heavy}'" not in said, heavy
