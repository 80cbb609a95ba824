"""Statements: what the log says. One class per kind; `docs/formats/statement.md` gives the bytes.

Fields hold text, whole numbers, booleans, None and tuples of these: RFC 8785 form without floats.
Names of people and parties never stand here; they live in attachments, named by their SHA-256.
"""

from __future__ import annotations

from avrecord.model.statement.audit import (
    AuditAnnounced,
    AuditDrawn,
    ProblemChanged,
    ProblemClosed,
    ProblemOpened,
    ProblemReopened,
)
from avrecord.model.statement.base import VERSION, Body, Statement
from avrecord.model.statement.card import (
    CardRemovedEarly,
    CardSeen,
    ClipRemoved,
    ClipSealed,
    ClipSeenAgain,
    ClipSetAside,
    ReleaseGranted,
    Taken,
)
from avrecord.model.statement.case import (
    CaseImported,
    ChecklistAdopted,
    ClipExamined,
    ClipLinked,
    ClipUnlinked,
    MarkReviewed,
    ReviewLeft,
    RosterImported,
)
from avrecord.model.statement.fleet import (
    DeviceAssigned,
    DeviceEvent,
    DeviceRegistered,
    DutyImported,
)
from avrecord.model.statement.house import (
    Anchor,
    AttachmentsLost,
    ClipViewed,
    ClockStepped,
    ConfigChanged,
    ExportMade,
    GapObserved,
    KeyChanged,
    KeysListed,
    ScrubDone,
    ServiceStarted,
)
from avrecord.model.statement.keeping import (
    ArchiveMade,
    ArchiveReceived,
    ClipsLocked,
    ClipsUploaded,
    ExpiryListed,
    ExpiryUndone,
    HoldLifted,
    HoldSet,
    ReceiptTaken,
)

KINDS: dict[str, type[Body]] = {
    cls.kind: cls
    for cls in (
        KeyChanged, ServiceStarted, ConfigChanged, CardSeen, ClipSealed, ClipSetAside,
        ClipSeenAgain, CardRemovedEarly, ClipExamined, ClipLinked, ClipUnlinked, MarkReviewed, ReviewLeft,
        CaseImported, RosterImported, ChecklistAdopted, DeviceRegistered, DeviceAssigned,
        DeviceEvent, DutyImported, ExportMade, ClipViewed, Anchor, KeysListed, ClockStepped, GapObserved, ScrubDone,
        ReleaseGranted, ClipRemoved,
        AuditAnnounced, AuditDrawn, ProblemOpened, ProblemChanged, ProblemClosed, ProblemReopened,
        HoldSet, HoldLifted, ExpiryListed, ExpiryUndone, ArchiveMade, ArchiveReceived, ClipsUploaded, ClipsLocked,
        AttachmentsLost, ReceiptTaken,
    )
}  # fmt: skip
"""Every kind that a log may hold. A reader that meets another one stops and names its index."""

__all__ = [
    "KINDS",
    "VERSION",
    "Anchor",
    "ArchiveMade",
    "ArchiveReceived",
    "AttachmentsLost",
    "AuditAnnounced",
    "AuditDrawn",
    "Body",
    "CardRemovedEarly",
    "CardSeen",
    "CaseImported",
    "ChecklistAdopted",
    "ClipExamined",
    "ClipLinked",
    "ClipRemoved",
    "ClipSealed",
    "ClipSeenAgain",
    "ClipSetAside",
    "ClipUnlinked",
    "ClipViewed",
    "ClipsLocked",
    "ClipsUploaded",
    "ClockStepped",
    "ConfigChanged",
    "DeviceAssigned",
    "DeviceEvent",
    "DeviceRegistered",
    "DutyImported",
    "ExpiryListed",
    "ExpiryUndone",
    "ExportMade",
    "GapObserved",
    "HoldLifted",
    "HoldSet",
    "KeyChanged",
    "KeysListed",
    "MarkReviewed",
    "ProblemChanged",
    "ProblemClosed",
    "ProblemOpened",
    "ProblemReopened",
    "ReceiptTaken",
    "ReleaseGranted",
    "ReviewLeft",
    "RosterImported",
    "ScrubDone",
    "ServiceStarted",
    "Statement",
    "Taken",
]
