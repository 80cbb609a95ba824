"""Telling systemd: ready, alive, what we are doing. Eight lines of socket code replace a binding."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LONGEST = 300
LONGEST_SEND_S = 2  # called from a signal handler as well: a full queue must not keep the service from ending


def status(slots: Iterable[dict[str, Any]]) -> str:
    """`STATUS=` in one line. Names come from cards: one with a line break must not speak to systemd."""
    doing: dict[str, list[str]] = {}
    for slot in slots:
        doing.setdefault(str(slot["title"]), []).append(str(slot["slot"]))
    text = "；".join(f"{title}：{'、'.join(names)}" for title, names in doing.items()) or "等待插卡"
    return "STATUS=" + CONTROL.sub("?", text)[:LONGEST]


def longest_wait(wanted: float) -> float:
    """How long a loop may rest between two signs of life: three must fit into the watchdog's time."""
    limit = os.environ.get("WATCHDOG_USEC", "")
    return min(wanted, int(limit) / 3e6) if limit.isdigit() and int(limit) else wanted


def notify(text: str) -> None:
    """Send `READY=1`, `WATCHDOG=1`, `STATUS=…`; nothing happens outside systemd, or when it does not take it."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(LONGEST_SEND_S)
        sender.connect("\0" + address[1:] if address.startswith("@") else address)
        sender.sendall(text.encode())
