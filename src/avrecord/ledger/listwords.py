"""`config/checklist-words.toml`: the words by which a bureau's own list is read."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from avrecord.errors import ConfigError
from avrecord.model.proposal import ListWords, Term
from avrecord.words import MEANS

TABLES = ("segment", "means", "whole", "key", "optional", "whole_stage", "stage")
KEYS = {"means", "words", "patterns", "source"}
WITHOUT_MEANS = ("whole", "key", "optional", "whole_stage")


def read_words(path: Path, segments: Mapping[str, Any]) -> ListWords:
    """The word lists, with the name of each of the bureau's segments as a word for it. Raises ConfigError by entry.

    `segments`: the tables of `segments.toml`.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        if unknown := sorted(table.keys() - {*TABLES, "negation"}):
            raise ValueError(f"不认识的一节：{unknown[0]}")
        terms = {name: tuple(_term(name, n, row, segments) for n, row in enumerate(table.get(name, ()), 1)) for name in TABLES}
        negation = table.get("negation", {})
        return ListWords(
            segments=_with_names(terms["segment"], segments),
            means=terms["means"],
            whole=terms["whole"],
            key=terms["key"],
            optional=terms["optional"],
            whole_stages=terms["whole_stage"],
            stages=terms["stage"],
            negations=_patterns("negation.before", negation.get("before", ())),
            resumes=_patterns("negation.resumes", negation.get("resumes", ())),
        )
    except FileNotFoundError as error:
        raise ConfigError(path=path, detail="没有清单用语文件，请从程序目录的 config/ 复制一份") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValueError, TypeError, AttributeError) as error:
        raise ConfigError(path=path, detail=f"清单用语读不懂（{error}）") from error


def _term(name: str, n: int, row: dict[str, Any], segments: Mapping[str, Any]) -> Term:
    at = f"[[{name}]] 第 {n} 条"
    if unknown := sorted(row.keys() - KEYS):
        raise ValueError(f"{at}不认识 {unknown[0]}")
    means = row.get("means", "")
    if not isinstance(means, str) or bool(means) == (name in WITHOUT_MEANS):
        raise ValueError(f"{at}的 means 有误")
    if name == "segment" and means not in segments:
        raise ValueError(f"{at}：segments.toml 中没有要件 {means}")
    if name == "means" and means not in MEANS:
        raise ValueError(f"{at}：记录方式只能是 {'、'.join(MEANS)}")
    words, source = row.get("words", []), row.get("source", "")
    if not isinstance(words, list) or not all(isinstance(word, str) and re.search(r"\w", word) for word in words):
        raise ValueError(f"{at}的 words 应为文字的列表")
    if not isinstance(source, str) or not source.strip():
        raise ValueError(f"{at}缺少 source（用语出处）")
    return Term(means, tuple(words), _patterns(at, row.get("patterns", ())), source)


def _patterns(at: str, patterns: Any) -> tuple[str, ...]:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{at}的正则表达式有误：{pattern}（{error}）") from error
    return tuple(patterns)


def _with_names(terms: tuple[Term, ...], segments: Mapping[str, Any]) -> tuple[Term, ...]:
    """Each segment's own name is a word for it, unless an entry has it already: nothing is asked for by two words."""
    named = {word for term in terms for word in term.words}
    more = [
        Term(code, (table["name"],), (), "segments.toml")
        for code, table in segments.items()
        if isinstance(table.get("name"), str)
        and table["name"].strip()
        and table["name"] not in named
        and not table.get("against")
    ]
    return (*terms, *more)
