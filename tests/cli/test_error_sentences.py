"""Every error of the product has one Chinese sentence, one known code, and the facts that its raisers give."""

from __future__ import annotations

import ast
import re
from string import Formatter

import pytest

from avrecord import errors
from avrecord.errors import EXIT_CODES, AvrecordError, every_error
from avrecord.model.finding import EXIT_OF
from avrecord.station import shipped
from avrecord.words import FINDINGS

TREE = {error.__name__: error for error in every_error()}


def raisers() -> list[tuple[str, type[AvrecordError], set[str]]]:
    """Where an error of the tree is made, which one, and the names of the facts given."""
    found = []
    for path in sorted(shipped("src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TREE:
                where = f"{path.name}:{node.lineno}"
                assert not node.args, f"{where} gives facts without names"
                found.append((where, TREE[node.func.id], {str(keyword.arg) for keyword in node.keywords}))
    return found


def asked(error: type[AvrecordError]) -> set[str]:
    """The facts that the sentence has room for."""
    return {name for _, name, _, _ in Formatter().parse(error.says) if name}


RAISERS = raisers()


def test_the_tree_and_its_raisers_are_found():
    assert len(TREE) >= 20
    assert len({error for _, error, _ in RAISERS}) >= 15


def test_no_two_errors_have_one_name():
    assert len(TREE) == len(every_error())


def test_no_error_stands_outside_the_tree():
    classes = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert classes == set(TREE)


@pytest.mark.parametrize("error", TREE.values(), ids=TREE.keys())
def test_an_error_has_a_chinese_sentence_that_ends_and_no_english(error):
    words = re.sub(r"\{\w+\}", "", error.says)
    assert re.search(r"[一-鿿]{3}", words)
    assert error.says.endswith(("。", "{advice}"))
    assert set(re.findall(r"[A-Za-z][\w.-]*", words)) <= {
        "avrecord", "init", "run", "rebuild", "station.toml", "--root", "root", "SQLite", "WAL", "make", "setup", "pysqlite3",
        "check.isolation", "required", "retention", "due", "as-if", "accept-shorter", "bubblewrap", "libseccomp2",
    }  # fmt: skip


@pytest.mark.parametrize("error", TREE.values(), ids=TREE.keys())
def test_an_error_has_a_code_of_the_table(error):
    assert error.exit_code in EXIT_CODES
    assert error.exit_code not in (0, 2, 10)


@pytest.mark.parametrize(("where", "error", "facts"), RAISERS, ids=[f"{where}-{error.__name__}" for where, error, _ in RAISERS])
def test_an_error_can_be_said_with_what_its_raiser_knows(where, error, facts):
    assert asked(error) <= facts
    made = error(**dict.fromkeys(facts, "某事"))
    assert made.facts.keys() == facts
    assert "{" not in str(made)


@pytest.mark.parametrize("error", [e for e in TREE.values() if e is not AvrecordError], ids=lambda error: error.__name__)
def test_no_error_stands_in_the_tree_that_nobody_raises(error):
    above = {base for _, raised, _ in RAISERS for base in raised.__mro__}
    assert error in above or error is errors.Interrupted  # the last line of defence says its sentence


def test_an_error_speaks_for_the_evidence_and_says_what_to_do():
    for name in ("BytesMissing", "NameTaken", "LogBroken", "CardGone", "NoSpace", "KeyProblem", "BadInput", "DatabaseProblem"):
        assert re.search("请|可运行|未导入任何内容", TREE[name].says), name


def test_the_codes_of_findings_are_in_the_table_too():
    assert set(EXIT_OF.values()) <= set(EXIT_CODES)
    assert EXIT_OF.keys() <= FINDINGS.keys()


def test_every_code_has_its_own_meaning():
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)
