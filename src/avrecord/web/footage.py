"""A clip's page, its pictures and its bytes. Who looks is stated first; what cannot be stated is not shown."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, RedirectResponse

from avrecord.errors import UnknownName
from avrecord.model.clip import Clip, Media
from avrecord.model.moments import beijing, from_utc_text
from avrecord.model.observation import Examination
from avrecord.pipeline.cells import moment_in
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.proxies import proxy_at
from avrecord.pipeline.viewing import clip_for, taken_away, watched
from avrecord.reads.answer import as_document
from avrecord.reads.clips import one_clip
from avrecord.rules.roles import Account
from avrecord.web import forms
from avrecord.web.guard import Guard, token_of
from avrecord.web.jobs import Job, Jobs
from avrecord.web.shell import Shell, address
from avrecord.words import OFFERED, SEGMENTS, VIEWS

PLAYED = {".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/mp4", ".webm": "video/webm", ".mp3": "audio/mpeg",
          ".wav": "audio/wav", ".m4a": "audio/mp4", ".aac": "audio/aac", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
          ".png": "image/png"}  # fmt: skip
"""What a browser is told a file is, by its name alone; everything else is bytes to save, never a page."""
ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def routes(app: FastAPI, guard: Guard, shell: Shell, kit: Kit, jobs: Jobs) -> None:
    """A clip, its JSON twin, its bytes and its pictures."""

    @app.get("/clip")
    def page(request: Request, clip: str = "", t: str = "") -> Response:
        account = guard.let_in(request, "footage")
        found = clip_for(account, clip[:64], kit)
        content = shown_clip(found, t, kit) | {
            "proxy": proxy_state(proxy_at(found, kit) is not None, found, jobs),
            "at": "/clip",
            "where": "",
        }
        return shell.page("clip.html", account, word=guard.word(request), **content)

    @app.get("/clip.json")
    def twin(request: Request, clip: str = "") -> Response:
        account = guard.let_in(request, "footage")
        return Response(as_document(one_clip(clip_for(account, clip[:64], kit), kit)), media_type="application/json")

    @app.get("/clip/watch")
    def watch(request: Request, clip: str = "") -> Response:
        account = guard.let_in(request, "footage")
        found = clip_for(account, clip[:64], kit)
        path = _own(kit.vault.path(found.stored))
        _state(request, account, found)
        return file_bytes(request, path, kind_of(found.name))

    @app.get("/clip/frame")
    def frame(request: Request, clip: str = "", of: str = "") -> Response:
        account = guard.let_in(request, "footage")
        found = clip_for(account, clip[:64], kit)
        if of not in pictures(kit.records.full_examination(found.id)):
            raise UnknownName(what="片段的画面", name=of[:64])
        content = kit.attachments.get(of)
        _state(request, account, found)
        return Response(content, media_type="image/jpeg")

    @app.post("/clip/take")
    async def take(request: Request) -> Response:
        account, form = await guard.acting(request, "take")
        why = forms.words(form, "why", "用途（记入日志）")
        clip = await run_in_threadpool(clip_for, account, forms.name(form, "clip"), kit)
        path = _own(kit.vault.path(clip.stored))
        await run_in_threadpool(taken_away, clip.id, why, account.number, kit)
        return FileResponse(path, media_type="application/octet-stream", filename=clip.name.rpartition("/")[2])

    @app.get("/clip/proxy")
    def proxy(request: Request, clip: str = "") -> Response:
        account = guard.let_in(request, "footage")
        found = clip_for(account, clip[:64], kit)
        path = proxy_at(found, kit)
        if path is None:
            raise UnknownName(what="片段的副本", name=found.id.short)
        _state(request, account, found)
        return file_bytes(request, path, "video/mp4")

    @app.post("/clip/proxy")
    async def make(request: Request) -> Response:
        account, form = await guard.acting(request, "proxy")
        clip = await run_in_threadpool(clip_for, account, forms.name(form, "clip"), kit)
        await run_in_threadpool(jobs.start, "proxy", clip.id.hex, account.number, [["clips", "proxy", clip.id.hex]])
        return RedirectResponse(address("/clip", clip=clip.id.hex), 303)

    def _state(request: Request, account: Account, clip: Clip) -> None:
        guard.door.first_time(token_of(request), clip.id.hex, lambda: watched(clip.id, account.number, kit))


def kind_of(name: str) -> str:
    """The media type of a file, by its name's ending."""
    return PLAYED.get(Path(name).suffix.lower(), "application/octet-stream")


def _own(path: Path) -> Path:
    """A regular file of the vault. Raises UnknownName for one that is gone, or a link that somebody put there."""
    if path.is_symlink() or not path.is_file():
        raise UnknownName(what="片段的文件（请运行核验）", name=path.name)
    return path


def file_bytes(request: Request, path: Path, kind: str) -> Response:
    """The file, or one range of it. Several ranges in one request are for clients that we do not have."""
    asked = request.headers.get("range")
    if asked is not None and not ONE_RANGE.fullmatch(asked.strip()):
        return Response(status_code=416, headers={"Content-Range": f"bytes */{os.stat(path).st_size}"})
    return FileResponse(path, media_type=kind, headers={"Content-Disposition": "inline", "Cache-Control": "private, no-store"})


def shown_clip(clip: Clip, at: str, kit: Kit) -> dict[str, Any]:
    """What a clip's page shows of it; `at`: the second from which it is to be played."""
    examination = kit.records.full_examination(clip.id)
    answer = one_clip(clip, kit)
    return {
        "clip": clip,
        "kind": kind_of(clip.name).partition("/")[0],
        "playable": plays(clip, examination),
        "second": int(at) if at.isascii() and at.isdecimal() and len(at) < 7 else 0,
        "answer": answer,
        "frames": _frames(clip, examination),
        "links": [{"case": link.case, "stage": link.name} for link in kit.records.links_of(clip.id)],
        "views": views_of(clip, kit),
    }


def views_of(clip: Clip, kit: Kit) -> list[dict[str, Any]]:
    """Who looked at a clip, as the log of this place says."""
    return [
        {"who": row["by_whom"], "how": VIEWS[row["how"]], "at": beijing(from_utc_text(row["at"])), "row": f"log:{row['seq']}",
         "why": kit.attachments.get(row["why"]).decode("utf-8", "replace") if row["why"] else ""}
        for row in kit.store.rows("views_of", clip_id=clip.id.hex)
    ]  # fmt: skip


def plays(clip: Clip, examination: Examination | None) -> str | None:
    """What keeps a browser from playing it, in words; None when nothing is known to."""
    if clip.media not in (Media.VIDEO, Media.AUDIO):
        return None
    if kind_of(clip.name) == "application/octet-stream":
        return f"浏览器不能播放 {Path(clip.name).suffix or '这种'} 文件"
    codec = examination.facts.video_codec if examination else None
    if codec and codec not in ("h264", "vp8", "vp9", "av1", "mjpeg"):
        return f"画面编码为 {codec}，多数浏览器不能播放"
    return None


def proxy_state(is_there: bool, clip: Clip, jobs: Jobs) -> str:
    """Whether a copy for browsers is there: `ready`, `making`, what went wrong with the last try, or nothing."""
    if is_there:
        return "ready"
    last: Job | None = next((job for job in jobs.all() if job.asked.kind == "proxy" and job.asked.about == clip.id.hex), None)
    if last is None or last.code == 0:
        return ""
    return "making" if last.running else last.said or "上次没有做成"


def pictures(examination: Examination | None) -> set[str]:
    if examination is None:
        return set()
    shown = {picture for seen in examination.observations for picture in (seen.evidence, seen.crop) if picture}
    return shown | {each.digest for each in examination.offered}


def _frames(clip: Clip, examination: Examination | None) -> list[dict[str, Any]]:
    """Frames that the check relied on, then those that it offers to a person."""
    if examination is None:
        return []
    found = [
        {"digest": seen.evidence, "title": ("疑似" if seen.doubtful else "") + SEGMENTS.get(seen.segment, seen.segment),
         "words": f"“{seen.words}”", "when": moment_in(clip, seen.at_ms), "second": seen.at_ms // 1000}
        for seen in examination.observations
    ]  # fmt: skip
    return found + [
        {"digest": each.digest, "title": OFFERED, "words": "", "when": moment_in(clip, each.at_ms), "second": each.at_ms // 1000}
        for each in examination.offered
    ]  # fmt: skip
