"""What people wrote into a form, read strictly: what is missing or malformed is said in words."""

from __future__ import annotations

from datetime import date

from avrecord.errors import BadQuestion
from avrecord.web.guard import Form

LONGEST = 2000


def words(form: Form, name: str, title: str) -> str:
    """Free text that must say something. Raises BadQuestion."""
    text = form.get(name, "").strip()[:LONGEST]
    if not text:
        raise BadQuestion(what=title, detail="请填写")
    return text


def name(form: Form, key: str) -> str:
    """A name or number that is looked up afterwards: empty where none was given."""
    return form.get(key, "").strip()[:200]


def whole(form: Form, key: str, most: int) -> int | None:
    """A whole number from 0 to `most`; None for anything else."""
    text = form.get(key, "")
    fine = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
    return int(text) if fine and int(text) <= most else None


def day(form: Form, key: str, title: str) -> date:
    """A day. Raises BadQuestion."""
    try:
        return date.fromisoformat(form.get(key, ""))
    except ValueError as error:
        raise BadQuestion(what=title, detail="应为日期，如 2026-12-20") from error
