"""What a decoder may do when a card's file is hostile, as tasks for the isolated child."""

from __future__ import annotations

import ctypes
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def crash(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    os.abort()


def segfault(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What a decoder's bad pointer does."""
    ctypes.string_at(0)
    return {}


def out_of_memory(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Page by page, as a decoder's frame pool grows; not one large request that is refused at once."""
    kept = []
    while True:
        kept.append(bytearray(16 << 20))


def reach(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Try what the station would not want; give the names of what was not refused."""
    outside = Path(request["outside"])
    tries: dict[str, Callable[[], object]] = {
        "read the key": lambda: Path(request["key"]).read_bytes(),
        "open the key for writing": lambda: Path(request["key"]).open("r+b").close(),
        "list the station": lambda: list(Path(request["key"]).parent.parent.iterdir()),
        "write beside": lambda: (outside / "written").write_bytes(b"x"),
        "make a folder beside": lambda: (outside / "folder").mkdir(),
        "rename into its place": lambda: (folder / "request.json").replace(outside / "moved"),
        "link to outside and write": lambda: through_link(folder, outside),
        "empty the key": lambda: os.truncate(request["key"], 0),
        "open the clip to others": lambda: Path(request["clip"]).chmod(0o666),
        "change the clip's times": lambda: os.utime(request["clip"], (0, 0)),
        "write the clip": lambda: Path(request["clip"]).open("r+b").close(),
        "empty the clip": lambda: os.truncate(request["clip"], 0),
        "end the service": lambda: os.kill(request["parent"], 0),
        "connect by TCP": lambda: socket.create_connection(("127.0.0.1", request["tcp"]), 2),
        "send by UDP": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", request["udp"])),
        "listen": lambda: socket.create_server(("127.0.0.1", 0)),
        "connect to a local socket": lambda: socket.socket(socket.AF_UNIX).connect(request["unix"]),
        "remove the clip": lambda: Path(request["clip"]).unlink(),
    }
    assert Path(request["clip"]).read_bytes() == b"clip", "what it was given must be readable"
    (folder / "own").write_bytes(b"x")
    (folder / "own").replace(folder / "own too")
    return {"done": [name for name, attempt in tries.items() if not refused(attempt)]}


def refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False


def through_link(folder: Path, outside: Path) -> None:
    (folder / "link").symlink_to(outside / "linked")
    (folder / "link").write_bytes(b"x")


def leave(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What a child that was taken over leaves for its parent to read, and the code it ends with."""
    answer, key = folder / "answer.json", request.get("key", "")
    match request["what"]:
        case "pipe":
            os.mkfifo(answer)
        case "link":
            answer.symlink_to(key)
        case "nonsense":
            answer.write_bytes(b"\xff\xfe{")
        case "depth":
            answer.write_text("[" * 200_000)
        case "list":
            answer.write_text("[1]")
        case "size":
            answer.write_bytes(b" " * (9 << 20))
        case "folders":
            for _ in range(1500):
                Path("d").mkdir()
                os.chdir("d")
        case "closed":
            (folder / "closed" / "in").mkdir(parents=True)
            (folder / "closed" / "never").mkdir(mode=0)
    os._exit(request["code"])


def hang(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    time.sleep(600)
    return {}


def bomb(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    return {"size": len(bytearray(8 << 30))}


def burn(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    while True:
        pass


def spawn_and_hang(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Leaves a grandchild behind that would go on after its parent."""
    child = os.fork()
    if child == 0:
        time.sleep(600)
        os._exit(0)
    Path(request["pid_file"]).write_text(str(child))
    time.sleep(600)
    return {}


def flood(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A disk bomb."""
    with (folder / "big").open("wb") as file:
        for _ in range(10_000):
            file.write(bytes(1 << 20))
    return {}
