"""Decisions that were taken at the bureau, stated here: one truth, in the log of the station that has the stage.

Who decided, when and why stands in the letter, which the bureau signed and which is kept with the statement. A letter is not
stated when somebody here decided about the same item meanwhile, since whoever wrote it could not know: the bureau sees that in
this log, and who wrote it decides again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from avrecord.errors import AvrecordError, BadInput, EvidenceError, ObjectMissing, ObjectTooLarge, OwnReview, UnknownName
from avrecord.ledger.duty import NUMBER
from avrecord.model.case import StageId
from avrecord.model.statement import MarkReviewed
from avrecord.pipeline.answered import Opened, opened
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import state
from avrecord.pipeline.review import assert_reviewable
from avrecord.pipeline.storing import reply_prefix
from avrecord.store import letter
from avrecord.store.letter import NAMESPACE, Letter
from avrecord.vault.objects import Objects

REVIEWS = "reviews/"
ENDING = ".json"
MOST_LISTED, MOST_REFUSED = 200_000, 20  # of letters in one round: a store may list without end


@dataclass
class TakenLetters:
    """`stated`: decisions of this round; `overtaken`: letters that somebody here was before; `refused`: why others stay."""

    stated: int = 0
    overtaken: int = 0
    refused: list[str] = field(default_factory=list)


def take_letters(objects: Objects, kit: Kit) -> TakenLetters:
    """State what the bureau's reviewers decided, in their order. Raises ConfigError, StoreProblem when the store is away."""
    done = TakenLetters()
    for key, _ in islice(objects.keys(f"{reply_prefix(kit.station)}{REVIEWS}"), MOST_LISTED):
        digest = key.rpartition("/")[2].removesuffix(ENDING).rpartition("-")[2]
        if not key.endswith(ENDING) or kit.store.row("review_by_letter", letter=digest):
            continue
        try:
            _take(opened(objects, key, "复核信", NAMESPACE, kit), kit, done)
        except (BadInput, UnknownName, OwnReview, EvidenceError, ObjectMissing, ObjectTooLarge) as error:
            done.refused.append(f"复核信 {digest[:12]}：{error.facts.get('detail') or error}")
    if len(done.refused) > MOST_REFUSED:
        done.refused[MOST_REFUSED:] = [f"另有 {len(done.refused) - MOST_REFUSED} 封"]
    return done


def is_overtaken(found: Letter, kit: Kit) -> bool:
    """Whether somebody at the station decided about the item after what the letter's writer saw of its log, or a later letter is
    stated already: a store may lose one and give it back."""
    where = {"case_no": found.case, "stage_id": found.stage, "item": found.item}
    if kit.store.row("own_review_after", after=found.after, **where):
        return True
    stated = kit.store.rows("letters_about", **where)
    return any(letter.read(kit.attachments.get(row["letter"])).at > found.at for row in stated)


def _take(sent: Opened, kit: Kit, done: TakenLetters) -> None:
    try:
        found = letter.read(sent.content)
    except AvrecordError as error:
        raise BadInput(path="复核信", detail=str(error.facts.get("detail") or error)) from error
    if found.station != kit.station:
        raise BadInput(path="复核信", detail="是给别的采集站的")
    if found.after > kit.log.size:
        raise BadInput(path="复核信", detail=f"说见过 {found.after} 条日志，本站只有 {kit.log.size} 条")
    if not NUMBER.fullmatch(found.by):
        raise BadInput(path="复核信", detail="复核人不是证号或工号")
    assert_reviewable(StageId(found.case, found.stage), found.item, found.decision, found.by, kit)
    if is_overtaken(found, kit):
        done.overtaken += 1
        return
    put = kit.attachments.put
    body = MarkReviewed(
        case=found.case, stage=found.stage, item=found.item, decision=found.decision, why=put(found.why.encode()),
        letter=put(sent.content), signature=put(sent.signature),
    )  # fmt: skip
    state(kit, [body], found.by)
    done.stated += 1
