"""Installing the service: first what would be done, then, when asked to, doing it. Running it twice changes nothing."""

from __future__ import annotations

import difflib
import os
import re
import shlex
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

from avrecord import durable
from avrecord.errors import CannotInstall, CannotWrite
from avrecord.settings import FILE, Settings, load

UNIT, CARD, RULES = "avrecord.service", "avrecord-card@.service", "90-avrecord.rules"
PLACES = {
    UNIT: "etc/systemd/system",
    CARD: "etc/systemd/system",
    RULES: "etc/udev/rules.d",
    "avrecord-sysusers.conf": "etc/sysusers.d",
    "avrecord-tmpfiles.conf": "etc/tmpfiles.d",
}
SHIPPED_PROGRAM, SHIPPED_ROOT = "/opt/avrecord/.venv/bin/avrecord", "/srv/avrecord"  # as written in deploy/
CARDS = "/run/avrecord/dock"
ROOTS_LINE = re.compile(r"^roots = \[(.*)\][ \t]*$", flags=re.MULTILINE)
HOMES = ("/home/", "/root/", "/run/user/")
SAFE_PATH = re.compile(r"/[A-Za-z0-9._/+-]+")  # what a unit file and a udev rule take without quoting
USER = "avrecord"


@dataclass(frozen=True, slots=True)
class Planned:
    """One file: what it would hold, what it holds now (None: it is not there)."""

    path: Path
    content: str
    present: str | None

    @property
    def changes(self) -> bool:
        return self.content != self.present

    def shown(self) -> str:
        """The whole content of a new file, the difference of one that changes, nothing of one that is as it should be."""
        if not self.changes:
            return ""
        if self.present is None:
            return self.content
        pair = self.present.splitlines(keepends=True), self.content.splitlines(keepends=True)
        return "".join(difflib.unified_diff(*pair, f"{self.path}", f"{self.path}"))


@dataclass(frozen=True, slots=True)
class Plan:
    """Every file and every command, in order. `warnings` are for a person to act on first."""

    files: tuple[Planned, ...]
    commands: tuple[tuple[str, ...], ...]
    warnings: tuple[str, ...]


def plan(root: Path, program: Path, templates: Path, prefix: Path) -> Plan:
    """What installing this station's service means. Reads files, changes nothing. Raises ConfigError, CannotInstall."""
    settings = load(root)
    beside = [folder for folder in (settings.archive.to, _store_folder(root, settings)) if folder]
    for path in (root, program, *map(Path, beside)):
        if not SAFE_PATH.fullmatch(str(path)):
            raise CannotInstall(detail=f"路径 {path} 含有单元文件不接受的字符")
    files = [
        _planned(prefix / where / _installed(name), _rendered(templates / name, root, program, beside))
        for name, where in PLACES.items()
    ]
    if station := _with_cards(root, settings.dock.roots):
        files.append(station)
    return Plan(tuple(files), tuple(_commands(root)), tuple(_warnings(root, program, settings.dock.roots, station)))


def apply(made: Plan, *, commands: bool) -> list[Path]:
    """Write what changes and, with `commands`, run them. Returns the files written. Raises CannotInstall, CannotWrite."""
    written = []
    for file in made.files:
        if file.changes:
            try:
                file.path.parent.mkdir(parents=True, exist_ok=True)
                durable.replace_with(file.path, file.content.encode(), mode=_mode(file.path))
            except OSError as error:
                raise CannotWrite(path=file.path, detail=error.strerror or str(error)) from error
            written.append(file.path)
    for command in made.commands if commands else ():
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
        except FileNotFoundError as error:
            raise CannotInstall(detail=f"没有 {command[0]}（需要 systemd）") from error
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            said = str(getattr(error, "stderr", None) or error).strip()[:300]
            raise CannotInstall(detail=f"{shlex.join(command)} 未成功（{said}）") from error
    return written


def _planned(path: Path, content: str) -> Planned:
    try:
        return Planned(path, content, path.read_text("utf-8"))
    except FileNotFoundError:
        return Planned(path, content, None)


def _installed(name: str) -> str:
    return "avrecord.conf" if name.endswith(".conf") else name


def _mode(path: Path) -> int:
    """Of a file that is there its own mode: the station's settings may be closed to others."""
    return path.stat().st_mode & 0o777 if path.exists() else 0o644


def _store_folder(root: Path, settings: Settings) -> str:
    """The folder that serves as an object store, or nothing."""
    url = settings.store.url
    return "" if not url or url.startswith(("http://", "https://")) else str((root / url).resolve())


def _rendered(template: Path, root: Path, program: Path, beside: list[str]) -> str:
    text = template.read_text("utf-8").replace(SHIPPED_PROGRAM, str(program)).replace(SHIPPED_ROOT, str(root))
    for folder in beside:  # "-": such a disk or share is away at times, and the service starts without it
        text = re.sub(rf"(ReadWritePaths={re.escape(str(root))}.*)\n", rf"\1 -{folder}\n", text)
    if _in_a_home(root) or _in_a_home(program):
        text = text.replace("ProtectHome=yes", "ProtectHome=read-only")
    return text


def _in_a_home(path: Path) -> bool:
    return str(path).startswith(HOMES)


def _with_cards(root: Path, roots: tuple[str, ...]) -> Planned | None:
    """station.toml with the mounted cards among the dock's roots, or None when they are or when a person must do it."""
    path = root / FILE
    text = path.read_text("utf-8")
    lines = ROOTS_LINE.findall(text)
    if CARDS in roots or len(lines) != 1:
        return None
    entries = [entry for entry in (lines[0].strip(" ,"), f'"{CARDS}"') if entry]
    changed = ROOTS_LINE.sub(f"roots = [{', '.join(entries)}]".replace("\\", r"\\"), text)
    if CARDS not in tomllib.loads(changed)["dock"]["roots"]:
        return None
    return Planned(path, changed, text)


def _commands(root: Path) -> list[tuple[str, ...]]:
    return [
        ("systemd-sysusers", "/etc/sysusers.d/avrecord.conf"),
        ("systemd-tmpfiles", "--create", "/etc/tmpfiles.d/avrecord.conf"),
        ("chown", "--recursive", "--no-dereference", f"{USER}:{USER}", str(root)),
        ("udevadm", "control", "--reload"),
        ("systemctl", "daemon-reload"),
        ("systemctl", "enable", UNIT),
        ("systemctl", "restart", UNIT),
    ]


def _warnings(root: Path, program: Path, roots: tuple[str, ...], station: Planned | None) -> list[str]:
    said = []
    if CARDS not in roots and station is None:
        said.append(f"请在 {root / FILE} 的 dock.roots 中自行加入 {CARDS}，否则自动挂载的存储卡不会被采集")
    for path in (program, root):
        if closed := next((folder for folder in reversed(path.parents) if not _open_to_others(folder)), None):
            said.append(f"用户 {USER} 进不了 {closed}，服务将无法启动；请把程序装在 /opt、采集站放在 /srv 这类位置")
    return list(dict.fromkeys(said))


def _open_to_others(folder: Path) -> bool:
    try:
        return bool(os.stat(folder).st_mode & 0o001)
    except OSError:
        return False


__all__ = ["CARDS", "Plan", "Planned", "apply", "plan"]
