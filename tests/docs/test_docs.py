"""The documentation says what the product does: every code, kind, setting and command stands in it."""

from __future__ import annotations

import re
import typing

from avrecord.cli.main import ROOMS
from avrecord.dock.profiles import LINE_GROUPS, NAME_GROUPS
from avrecord.errors import EXIT_CODES, every_error
from avrecord.model.statement import KINDS
from avrecord.settings import Settings
from conftest import PROJECT


def text(name: str) -> str:
    return (PROJECT / name).read_text("utf-8")


def test_the_readme_prints_the_table_of_exit_codes_exactly():
    rows = dict(re.findall(r"^\| (\d+) \| (.+) \|$", text("README.md"), flags=re.MULTILINE))
    assert {int(code): meaning for code, meaning in rows.items()} == EXIT_CODES
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)


def test_every_error_has_a_documented_exit_code():
    assert {error.exit_code for error in every_error()} <= set(EXIT_CODES)


def test_every_statement_kind_and_each_of_its_fields_is_documented():
    rows = dict(re.findall(r"^\| `([a-z._]+)` \| (.+) \|$", text("docs/formats/statement.md"), flags=re.MULTILINE))
    for kind, cls in KINDS.items():
        for field in typing.get_type_hints(cls):
            if field != "kind" and kind != "clip.set_aside" and field != "path_raw":
                assert f"`{field}`" in rows[kind], (kind, field)


def test_every_setting_is_documented_and_no_other():
    documented = set(
        re.findall(r"`([a-z_]+)`", "".join(line.split("|")[2] for line in text("docs/settings.md").splitlines() if "|" in line))
    )
    known = {key for table in Settings.model_fields.values() for key in table.annotation.model_fields}
    assert documented == known


def test_every_command_stands_in_one_of_the_readmes():
    both = text("README.md") + text("README.zh-CN.md")
    for name in ROOMS:
        assert name in both, name


def test_no_file_of_the_package_has_outgrown_its_room():
    for path in (PROJECT / "src").rglob("*.py"):
        assert len(path.read_text("utf-8").splitlines()) <= 400, path


def test_every_key_and_capture_of_a_profile_is_documented():
    written = text("docs/profiles.md")
    source = text("src/avrecord/dock/profiles.py")
    keys = set(re.findall(r'\.(?:get|text|needed|texts|table|tables|patterns?)\(\s*"([a-z_]+)"', source))
    assert {"names", "mount", "own", "plausible_from"} <= keys
    for key in sorted(keys | NAME_GROUPS | LINE_GROUPS):
        assert key in written, key


def test_every_shipped_profile_stands_in_the_page_about_them():
    written = text("docs/profiles.md")
    for path in (PROJECT / "devices").glob("*.toml"):
        assert f"| `{path.stem}` |" in written, path.stem
