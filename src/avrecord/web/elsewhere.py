"""A clip of a station, shown at the bureau from its copy in the object store. Who looks is stated in the bureau's log first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import chain
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, StreamingResponse

from avrecord.bureau import stations
from avrecord.bureau.copying import copy_of
from avrecord.bureau.views import Views, objects_of
from avrecord.errors import ObjectDiffers, ObjectMissing, UnknownName
from avrecord.model.clip import Clip
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.storing import clip_key
from avrecord.pipeline.viewing import NO_CLIP, clip_for, taken_away, watched
from avrecord.reads.answer import as_document
from avrecord.reads.clips import one_clip
from avrecord.rules.roles import Account
from avrecord.vault.objects import Objects
from avrecord.web import forms
from avrecord.web.footage import ONE_RANGE, file_bytes, kind_of, pictures, proxy_state, shown_clip, views_of
from avrecord.web.guard import Guard, token_of
from avrecord.web.jobs import Jobs
from avrecord.web.shell import Shell, address

INLINE = {"Content-Disposition": "inline", "Cache-Control": "private, no-store", "Accept-Ranges": "bytes"}


def routes(app: FastAPI, guard: Guard, shell: Shell, kit: Kit, jobs: Jobs) -> None:
    """A station's clip, its JSON twin, its bytes and its pictures."""

    @app.get("/bureau/clip")
    def page(request: Request, station: str = "", clip: str = "", t: str = "") -> Response:
        account = guard.let_in(request, "footage")
        with seen_at(station, kit) as seen:
            found = clip_for(account, clip[:64], seen)
            content = shown_clip(found, t, seen) | {"at": "/bureau/clip", "where": station}
            content["proxy"] = proxy_state(copy_of(station, found, kit) is not None, found, jobs)
        content["views"] = [each | {"row": f"{kit.station} {each['row']}"} for each in views_of(found, kit)] + [
            each | {"row": f"{station} {each['row']}"} for each in content["views"]
        ]
        content["place"] = clip_key(station, found.stored, found.id.hex)
        return shell.page("clip.html", account, word=guard.word(request), **content)

    @app.get("/bureau/clip.json")
    def twin(request: Request, station: str = "", clip: str = "") -> Response:
        account = guard.let_in(request, "footage")
        with seen_at(station, kit) as seen:
            found = one_clip(clip_for(account, clip[:64], seen), seen)
        return Response(as_document(found), media_type="application/json")

    @app.get("/bureau/clip/watch")
    def watch(request: Request, station: str = "", clip: str = "") -> Response:
        account = guard.let_in(request, "footage")
        with seen_at(station, kit) as seen:
            found = clip_for(account, clip[:64], seen)
        span = _span(request.headers.get("range"), found.size)
        if span is None:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{found.size}"})
        objects = objects_of(kit)
        key = _there(objects, station, found)
        _state(request, account, station, found)
        return _streamed(objects, key, found, span, "range" in request.headers)

    @app.get("/bureau/clip/frame")
    def frame(request: Request, station: str = "", clip: str = "", of: str = "") -> Response:
        account = guard.let_in(request, "footage")
        with seen_at(station, kit) as seen:
            found = clip_for(account, clip[:64], seen)
            if of not in pictures(seen.records.full_examination(found.id)):
                raise UnknownName(what="片段的画面", name=of[:64])
            content = seen.attachments.get(of)
        _state(request, account, station, found)
        return Response(content, media_type="image/jpeg")

    @app.get("/bureau/clip/proxy")
    def proxy(request: Request, station: str = "", clip: str = "") -> Response:
        account = guard.let_in(request, "footage")
        with seen_at(station, kit) as seen:
            found = clip_for(account, clip[:64], seen)
            removed = seen.store.row("expired_clip", clip_id=found.id.hex)
        path = copy_of(station, found, kit)
        if path is None or removed:
            raise UnknownName(what="片段的副本", name=found.id.short)
        _state(request, account, station, found)
        return file_bytes(request, path, "video/mp4")

    @app.post("/bureau/clip/proxy")
    async def make(request: Request) -> Response:
        account, form = await guard.acting(request, "proxy")
        station, text = form.get("station", ""), forms.name(form, "clip")
        clip = await run_in_threadpool(_theirs, account, station, text)
        await run_in_threadpool(jobs.start, "proxy", clip, account.number, [["bureau", "proxy", station, clip]])
        return RedirectResponse(address("/bureau/clip", station=station, clip=clip), 303)

    def _theirs(account: Account, station: str, text: str) -> str:
        with seen_at(station, kit) as seen:
            return clip_for(account, text[:64], seen).id.hex

    @app.post("/bureau/clip/take")
    async def take(request: Request) -> Response:
        account, form = await guard.acting(request, "take")
        why = forms.words(form, "why", "用途（记入日志）")
        return await run_in_threadpool(_given, account, form.get("station", ""), form.get("clip", ""), why)

    def _given(account: Account, station: str, clip: str, why: str) -> Response:
        with seen_at(station, kit) as seen:
            found = clip_for(account, clip[:64], seen)
        objects = objects_of(kit)
        key = _there(objects, station, found)
        taken_away(found.id, why, account.number, kit, station)
        saved = f"attachment; filename*=UTF-8''{quote(found.name.rpartition('/')[2])}"
        headers = {"Content-Disposition": saved, "Content-Length": str(found.size)}
        return StreamingResponse(_whole(objects, key, found), media_type="application/octet-stream", headers=headers)

    def _state(request: Request, account: Account, station: str, clip: Clip) -> None:
        def state() -> None:
            watched(clip.id, account.number, kit, station)

        guard.door.first_time(token_of(request), f"{station} {clip.id.hex}", state)


@contextmanager
def seen_at(station: str, kit: Kit, what: str = NO_CLIP) -> Iterator[Kit]:
    """The station as its log shows it. Raises UnknownName, with the same words (`what`) for an unknown station as for what is
    looked for there."""
    if not stations.NAME.fullmatch(station) or not stations.is_taken(station, kit):
        raise UnknownName(what=what, name=station[:40])
    with closing(Views(kit)) as views, stations.alone(station), views.of(station) as seen:
        yield seen


def _there(objects: Objects, station: str, clip: Clip) -> str:
    """The key of the clip's copy. Raises ObjectMissing, and ObjectDiffers for one of another size."""
    key = clip_key(station, clip.stored, clip.id.hex)
    size = objects.size(key)
    if size is None:
        raise ObjectMissing(key=key)
    if size != clip.size:
        raise ObjectDiffers(key=key)
    return key


def _span(asked: str | None, size: int) -> tuple[int, int] | None:
    """The bytes from the first to before the second that are asked for (RFC 9110 §14.1.2); None for no such range."""
    if asked is None:
        return 0, size
    found = ONE_RANGE.fullmatch(asked.strip())
    if found is None or found[1] == found[2] == "":
        return None
    if not found[1]:
        return (max(0, size - int(found[2])), size) if int(found[2]) and size else None
    first, stop = int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
    return (first, stop) if first < stop else None


def _streamed(objects: Objects, key: str, clip: Clip, span: tuple[int, int], in_part: bool) -> Response:
    first, stop = span
    headers = INLINE | {"Content-Length": str(stop - first)}
    if in_part:
        headers["Content-Range"] = f"bytes {first}-{stop - 1}/{clip.size}"
    blocks = _blocks(objects, key, first, stop)
    return StreamingResponse(blocks, 206 if in_part else 200, media_type=kind_of(clip.name), headers=headers)


def _whole(objects: Objects, key: str, clip: Clip) -> Iterator[bytes]:
    """All of a clip's copy. Its last block leaves only when the whole was what was sealed: else the download ends short, and a
    browser says that it failed. Raises ObjectDiffers."""
    blocks, digest = _blocks(objects, key, 0, clip.size), hashlib.sha256()

    def given() -> Iterator[bytes]:
        held = b""
        for block in blocks:
            digest.update(block)
            yield held
            held = block
        if digest.hexdigest() != clip.id.hex:
            raise ObjectDiffers(key=key)
        yield held

    return given()


def _blocks(objects: Objects, key: str, first: int, stop: int) -> Iterator[bytes]:
    """A range of an object. Its first block is asked for at once: a store that is away is told in words, not half an answer."""
    if first == stop:
        return iter(())
    blocks = objects.read(key, first, stop)
    return chain([next(blocks, b"")], blocks)
