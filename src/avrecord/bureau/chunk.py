"""The work of one chunk, wherever it is done: each clip fetched from the store, read to its end, its seal checked.

Imports no engine and no queue: a function over a book, a store and a chunk's number. Doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from avrecord.bureau.book import Book, Chunk, Item, Result, Worker
from avrecord.errors import AvrecordError, KeyUnusable, ObjectMissing, ObjectTooLarge, StoreProblem
from avrecord.pipeline.clipcheck import LARGEST_SEAL
from avrecord.pipeline.storing import clip_key
from avrecord.seal.verify import Span, check_seal
from avrecord.vault.folder import SEAL_ENDING
from avrecord.vault.objects import Objects, digest_of

POISONED = "核验它的进程多次中断，没有再试"

Keys = Mapping[bytes, Span]
"""Clip keys of a station, and the leaves for which each signs, from its proved log."""


Judge = Callable[[Chunk, Item], Result]
"""What is done to one clip. Raises StoreProblem when the store does not answer."""


def work(
    book: Book, objects: Objects, campaign: str, number: int, worker: Worker, judges: Mapping[str, Callable[[str], Judge]],
    is_stopping: Callable[[], bool] = lambda: False,
) -> None:  # fmt: skip
    """Do what is left of a chunk. Ends early when the campaign is paused or cancelled, or the worker is to stop.

    `judges`: by the campaign's kind, what makes the judge for a station. Raises StoreProblem when the store does not answer, or
    is not the campaign's: the chunk waits, and no clip is blamed for it.
    """
    chunk = book.begin(campaign, number, worker)
    if chunk is None:
        return
    if chunk.store != objects.name:
        raise StoreProblem(detail=f"任务 {campaign} 是对 {chunk.store} 的，本机设置的是 {objects.name}")
    judge = judges[chunk.kind](chunk.station)
    if chunk.items and chunk.items[0].clip != chunk.poisoned:
        book.hold(chunk, chunk.items[0])
    try:
        for item, following in zip(chunk.items, (*chunk.items[1:], None), strict=True):
            book.note(chunk, _result(chunk, item, judge), following)
            if is_stopping() or not book.is_running(campaign):
                book.let_go(chunk)
                return
    except AvrecordError:
        book.let_go(chunk)
        raise
    book.finish(chunk)


def _result(chunk: Chunk, item: Item, judge: Judge) -> Result:
    if item.clip == chunk.poisoned:
        return Result(item, "UNREADABLE", POISONED)
    try:
        return judge(chunk, item)
    except (ObjectTooLarge, KeyUnusable) as error:
        return Result(item, "UNREADABLE", str(error.facts["detail"]))


def verify_clip(objects: Objects, chunk: Chunk, item: Item, keys: Keys) -> Result:
    """One clip as it lies in the store now."""
    key = clip_key(chunk.station, item.stored, item.clip)
    try:
        found, size = digest_of(objects, key, item.size)
    except ObjectMissing:
        return Result(item, "MISSING", "对象存储中没有这个片段")
    if (found, size) != (item.clip, item.size):
        return Result(item, "ALTERED", "内容与封存时不符", found)
    try:
        text = objects.get(key + SEAL_ENDING, LARGEST_SEAL).decode("ascii", "replace")
    except ObjectMissing:
        return Result(item, "UNSIGNED", "对象存储中没有它的签名文件", found)
    except ObjectTooLarge:
        return Result(item, "BAD_SIGNATURE", "签名文件太大", found)
    wrong = check_seal(text, bytes.fromhex(item.clip), item.seq, keys, item.stored)
    return Result(item, wrong.code, wrong.detail, found) if wrong else Result(item, "OK", "", found)
