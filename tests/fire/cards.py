"""Cards that are really mounted: an image on a loop device, exFAT through FUSE as recorders write it, else ext4.

`laid_out` makes the image, `Card.dock` mounts it read-only the way a station should, and every way in which a card
can leave is a method. Whatever a test leaves mounted, `Bay` takes away.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

READ_ONLY = "ro,nosuid,nodev,noexec"
MARGIN = 6 << 20  # of an image beyond its files: exFAT's tables, ext4's inodes
EXFAT, EXT4 = "exfat", "ext4"


def quietly(*command: str | Path) -> bool:
    """Run a command whose failure is no news; whether it worked."""
    return subprocess.run(list(map(str, command)), capture_output=True, check=False).returncode == 0


def loudly(*command: str | Path) -> str:
    """Run a command that must work; its output."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr.strip()}"
    return done.stdout.strip()


def why_not(filesystem: str) -> str | None:
    """The reason why cards of this kind cannot be mounted here; None when they can."""
    if os.geteuid():
        return "mounting cards needs root"
    wanted = {EXFAT: ("mkfs.exfat", "mount.exfat-fuse", "losetup"), EXT4: ("mkfs.ext4", "losetup")}[filesystem]
    if missing := [tool for tool in wanted if shutil.which(tool) is None]:
        return f"{', '.join(missing)} not installed"
    if filesystem == EXFAT and not Path("/dev/fuse").exists():
        return "no FUSE in this kernel"
    return None if Path("/dev/loop-control").exists() else "no loop devices"


class Card:
    """One image and where it is docked."""

    def __init__(self, image: Path, filesystem: str, point: Path) -> None:
        self.image, self.filesystem, self.point = image, filesystem, point
        self.device: str | None = None

    def dock(self, options: str = READ_ONLY) -> None:
        """Mount the image at its point."""
        self.point.mkdir(parents=True, exist_ok=True)
        self.device = attached(self.image, "r" if options.startswith("ro") else "w")
        if self.filesystem == EXFAT:
            loudly("mount.exfat-fuse", "-o", options, self.device, self.point)
        else:
            loudly("mount", "-t", "ext4", "-o", f"{options},noload" if options == READ_ONLY else options, self.device, self.point)

    def undock(self) -> None:
        """Unmount as a person should; lazily when something still holds it."""
        quietly("umount", self.point) or quietly("umount", "-l", self.point)
        self._release()

    def pull(self) -> None:
        """Gone at once: the mount point shows what lies underneath, an empty folder, and says nothing about it.
        Whoever has a file of the card open may go on reading it."""
        loudly("umount", "-l", self.point)
        self._release()

    def kill_driver(self) -> None:
        """The FUSE daemon dies: the mount stays in mountinfo and no longer answers."""
        self.signal_driver(signal.SIGKILL)

    def signal_driver(self, number: signal.Signals) -> None:
        """SIGSTOP: whoever asks this card anything waits in the kernel until SIGCONT."""
        assert self.filesystem == EXFAT
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (process / "cmdline").read_bytes().startswith(b"mount.exfat-fuse\0") and self._serves(process):
                    os.kill(int(process.name), number)

    def tear_off(self) -> None:
        """The device loses its bytes: each read that memory cannot answer is an I/O error."""
        self.torn = self.image.with_name(self.image.name + ".torn")
        shutil.copyfile(self.image, self.torn)
        os.truncate(self.image, 0)

    def mend(self) -> None:
        """What `tear_off` took is there again, for the next docking."""
        shutil.copyfile(self.torn, self.image)
        self.torn.unlink()

    def _serves(self, process: Path) -> bool:
        return self.device is not None and f"\0{self.device}\0".encode() in (process / "cmdline").read_bytes()

    def _release(self) -> None:
        if self.device:
            quietly("losetup", "-d", self.device)
            self.device = None


class Bay:
    """Where cards are made and docked; as a context manager it leaves nothing mounted behind."""

    def __init__(self, images: Path) -> None:
        self.images = images
        self.cards: list[Card] = []
        images.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Bay:
        return self

    def __exit__(self, *_: object) -> None:
        for card in self.cards:
            while is_mounted(card.point) and quietly("umount", "-l", card.point):
                pass
            card._release()

    def card(self, contents: Mapping[str | bytes, bytes], point: Path, filesystem: str) -> Card:
        """A new card with these files, not docked yet. Names as bytes (GBK, say) need ext4."""
        made = Card(self.images / f"card{len(self.cards):04d}.img", filesystem, point)
        size = sum(len(content) + 4096 for content in contents.values()) + MARGIN
        with made.image.open("wb") as image:
            image.truncate(-(-size >> 20) << 20)
        self.cards.append(made)
        if filesystem == EXT4:
            folder = self.images / "laid-out"
            lay(contents, folder)
            loudly("mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-d", folder, made.image)
            shutil.rmtree(os.fsencode(folder))
        else:
            loudly("mkfs.exfat", "-L", "BODYCAM", made.image)
            made.point = self.images / "laid-out"  # never in a dock: a running service would take it half written
            made.dock("rw")
            lay(contents, made.point)
            made.undock()
            made.point = point
        return made


def is_mounted(point: Path) -> bool:
    """Whether anything is mounted there. The kernel's list is asked: a dead FUSE mount answers nothing at all."""
    return f" {point} " in Path("/proc/self/mountinfo").read_text("utf-8", "replace")


def attached(image: Path, mode: str = "w") -> str:
    """A loop device over an image. Another process may take the free one first: ask again."""
    for _ in range(5):
        command = ["losetup", "--show", "-f", *(["-r"] if mode == "r" else []), str(image)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.strip()
    raise AssertionError(f"no loop device: {done.stderr.strip()}")


def lay(contents: Mapping[str | bytes, bytes], folder: Path) -> None:
    """Write files below a folder; names may be bytes."""
    for name, content in contents.items():
        path = folder / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
