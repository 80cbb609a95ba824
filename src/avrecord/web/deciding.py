"""A case of a station at the bureau: its stages and time lines as its log shows them, and decisions that go to the station."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from avrecord.bureau.reviewing import Fate, Said, decide, left
from avrecord.model.case import StageId
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import catch_up
from avrecord.pipeline.viewing import assert_theirs
from avrecord.rules.roles import Account
from avrecord.web import forms
from avrecord.web.cases import anchor_of, one_case, stages_for
from avrecord.web.elsewhere import seen_at
from avrecord.web.guard import Form, Guard
from avrecord.web.shell import Shell, address
from avrecord.words import DECISIONS, PROBLEM_ITEMS
from avrecord.words.bureau import LETTER_FATES

NO_CASE = "案件（没有这个采集站，或不属于您的单位）"


def routes(app: FastAPI, guard: Guard, shell: Shell, kit: Kit) -> None:
    """A station's case, its JSON twin, and what is decided on its page."""

    @app.get("/bureau/case.json", response_model=None)
    def twin(request: Request, station: str = "", no: str = "") -> Any:
        return _case(guard.let_in(request, "cases"), station, no)

    @app.get("/bureau/case")
    def page(request: Request, station: str = "", no: str = "") -> Response:
        account = guard.let_in(request, "cases")
        content = _case(account, station, no)
        waits: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
        for each in content.pop("left"):
            waits[each["stage"], each["item"]].append(each | {"decision": DECISIONS[each["decision"]]})
        content |= {"decisions": DECISIONS, "problem_items": PROBLEM_ITEMS, "word": guard.word(request)}
        back = address("/bureau/missing", station=station)
        return shell.page("case.html", account, back=back, at="/bureau/clip", where=station, left=waits, **content)

    @app.post("/bureau/review")
    async def review(request: Request) -> Response:
        account, form = await guard.acting(request, "review")
        return await run_in_threadpool(_decided, account, form)

    def _case(account: Account, station: str, no: str) -> dict[str, Any]:
        """The page's content as the station's log gives it, and what was decided here and does not stand there yet."""
        with seen_at(station, kit, NO_CASE) as seen:
            found = one_case(stages_for(account, no, seen), seen) | {"shown": seen.log.size}
        theirs = {stage["stage"] for stage in found["stages"]}  # another unit's stages of the case are not this account's
        catch_up(kit)
        waits = [
            {"stage": each.row["stage_id"], "item": each.row["item"], "decision": each.row["decision"],
             "by": each.row["by_whom"], "fate": LETTER_FATES[each.fate], "row": f"{kit.station} log:{each.row['seq']}"}
            for each in left(kit, station, found["case"]) if each.fate is not Fate.STATED and each.row["stage_id"] in theirs
        ]  # fmt: skip
        return found | {"left": waits}

    def _decided(account: Account, form: Form) -> Response:
        station, at = form.get("station", ""), StageId(forms.name(form, "no"), forms.name(form, "stage"))
        why = forms.words(form, "why", "理由")
        with seen_at(station, kit, NO_CASE) as seen:
            assert_theirs(account, at.case, seen, at.name)
            said = Said(form.get("item", ""), form.get("decision", ""), account.number, why, forms.whole(form, "shown", 1 << 53))
            decide(station, seen, at, said, kit)
        return RedirectResponse(address("/bureau/case", station=station, no=at.case) + f"#{anchor_of(at.name)}", 303)
