"""A decision that a named person took at the bureau about a station's stage: a signed letter, which the station states."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

from avrecord.errors import EvidenceError
from avrecord.model.moments import from_utc_text
from avrecord.store import documents

NAMESPACE = "review@avrecord"
"""Of the SSH signature: a receipt can never pass as a decision, nor a seal as either."""

LONGEST = 2000  # characters of any field: reasons have 500


@dataclass(frozen=True, slots=True)
class Letter:
    """`by` decided at `at` (UTC text), with the first `after` leaves of the station's log before the eyes; see `MarkReviewed`."""

    station: str
    case: str
    stage: str
    item: str
    decision: str
    why: str
    by: str
    at: str
    after: int


def write(letter: Letter) -> bytes:
    return documents.write("review_letter", asdict(letter))


def read(content: bytes) -> Letter:
    """Raises EvidenceError for anything else."""
    found = documents.read("review_letter", content)
    names = {field.name for field in fields(Letter)}
    texts = names - {"after"}
    if set(found) != names or not all(isinstance(found[name], str) and 0 < len(found[name]) <= LONGEST for name in texts):
        raise EvidenceError(detail="复核信的内容不成样子")
    if type(found["after"]) is not int or not 0 <= found["after"] < 1 << 53 or not all(_encodes(found[name]) for name in texts):
        raise EvidenceError(detail="复核信的内容不成样子")
    try:
        from_utc_text(found["at"])
    except ValueError as error:
        raise EvidenceError(detail="复核信的时间不成样子") from error
    return Letter(**found)


def _encodes(text: str) -> bool:
    """JSON can hold half a character, which no file can."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
