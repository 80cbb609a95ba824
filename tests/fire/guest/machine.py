"""A dock PC with real USB: a QEMU guest with Debian's kernel, the host's root over 9p under an overlay, a disk of its own.

Everything it is made of comes from Debian packages in `build/fire-guest`. The guest is told what to do through files
in a second 9p share, so that no network and no serial protocol is needed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MODULES = """virtio_pci virtio_blk 9pnet_virtio 9p overlay nls_cp437 nls_utf8 nls_iso8859-1 nls_ascii vfat exfat
xhci_pci usb-storage uas sd_mod ext4""".split()  # noqa: SIM905
TOOLS = ("qemu-system-x86_64", "busybox", "cpio", "depmod", "modprobe", "dpkg", "apt-get", "mkfs.vfat", "mcopy")
INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do insmod /modules/$module || echo "no $module"; done
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 hostroot /host || echo NO-HOST
mount -t tmpfs tmpfs /rw; mkdir /rw/up /rw/work
mount -t overlay -o lowerdir=/host,upperdir=/rw/up,workdir=/rw/work overlay /new || echo NO-OVERLAY
for at in proc sys dev; do mount --move /$at /new/$at; done
mount -t tmpfs tmpfs /new/run; mkdir /new/run/told /new/run/disk
mount -t 9p -o trans=virtio,version=9p2000.L,cache=none told /new/run/told || echo NO-TOLD
cp /bin/busybox /new/run/busybox
if [ -e /new/run/told/fire.target ]; then
  cp /new/run/told/fire.target /new/run/told/fire-agent.service /new/etc/systemd/system/
  # The host may be a container, in which systemd would ask neither the kernel's command line nor udev.
  rm -f /new/.dockerenv /new/run/.containerenv
  # It walks over all of the host's /tmp, by 9p: minutes.
  ln -s /dev/null /new/etc/systemd/system/systemd-tmpfiles-setup.service
  exec switch_root /new /lib/systemd/systemd
fi
exec switch_root /new /run/busybox sh /run/told/agent
"""
# What a machine with systemd comes up to: everything basic (udev, journal, tmpfiles), then whoever carries out our scripts.
TARGET = """[Unit]
Requires=basic.target
After=basic.target
Wants=fire-agent.service
AllowIsolate=yes
"""
AGENT_UNIT = """[Unit]
After=basic.target
[Service]
ExecStart=/run/busybox sh /run/told/agent
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
"""
AGENT = """export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8
ip link set lo up 2>/dev/null || /run/busybox ip link set lo up
mount -t ext4 /dev/vda /run/disk
echo GUEST-READY
n=0
while true; do
  if [ -e /run/told/$n.go ]; then
    sh /run/told/$n.sh > /run/told/$n.out 2>&1
    echo $? > /run/told/$n.rc.new; mv /run/told/$n.rc.new /run/told/$n.rc
    n=$((n+1))
  else
    sleep 0.1
  fi
done
"""


class NoGuest(Exception):
    """What this machine lacks."""


def kernel_and_initrd(cache: Path) -> tuple[Path, Path]:
    """Debian's kernel with the modules that a dock needs; made once, kept in `cache`."""
    made_of = hashlib.sha256(INIT.encode() + " ".join(MODULES).encode()).hexdigest()[:12]
    kernel, initrd = cache / "vmlinuz", cache / f"initrd-{made_of}.gz"
    if kernel.exists() and initrd.exists():
        return kernel, initrd
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        raise NoGuest(f"not installed: {', '.join(missing)} (./setup.sh guest)")
    cache.mkdir(parents=True, exist_ok=True)
    if not list(cache.glob("linux-image-*.deb")):
        found = subprocess.run(["apt-cache", "depends", "linux-image-amd64"], capture_output=True, text=True, check=False).stdout
        names = [word for word in found.split() if word.startswith("linux-image-") and word != "linux-image-amd64"]
        if not names or subprocess.run(["apt-get", "download", names[0]], cwd=cache, check=False).returncode:
            raise NoGuest("Debian's kernel package cannot be had")
    root = cache / "kernel"
    subprocess.run(["dpkg", "-x", next(cache.glob("linux-image-*.deb")), root], check=True)
    release = next((root / "lib/modules").iterdir()).name
    subprocess.run(["depmod", "-b", root, release], check=True)
    tree = cache / "initrd"
    shutil.rmtree(tree, ignore_errors=True)
    for folder in ("bin", "modules", "proc", "sys", "dev", "host", "rw", "new"):
        (tree / folder).mkdir(parents=True)
    shutil.copy(str(shutil.which("busybox")), tree / "bin/busybox")
    order: list[str] = []
    for module in MODULES:
        asked = ["modprobe", "-d", str(root), "-S", release, "--show-depends", module]
        for line in subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines():
            path = Path(line.split()[1]) if line.startswith("insmod") else None
            if path and path.name not in order:
                shutil.copy(path, tree / "modules" / path.name)
                order.append(path.name)
    (tree / "modules/order").write_text("\n".join(order))
    (tree / "init").write_text(INIT)
    (tree / "init").chmod(0o755)
    packed = subprocess.run("find . | cpio -o -H newc --quiet | gzip -1", shell=True, cwd=tree, capture_output=True, check=True)
    initrd.write_bytes(packed.stdout)
    shutil.copy(next(root.glob("boot/vmlinuz-*")), kernel)
    return kernel, initrd


class Guest:
    """One boot, with a shell or with `systemd` as the first process. As a context manager its power is cut at the end."""

    def __init__(self, cache: Path, work: Path, disk: Path, *, systemd: bool = False) -> None:
        self.told, self.console = work / "told", work / "console.txt"
        kernel, initrd = kernel_and_initrd(cache)
        shutil.rmtree(self.told, ignore_errors=True)
        self.told.mkdir(parents=True)
        (self.told / "agent").write_text(AGENT)
        if systemd:
            (self.told / "fire.target").write_text(TARGET)
            (self.told / "fire-agent.service").write_text(AGENT_UNIT)
        self.count, self.id = 0, 0
        monitor = work / "qmp.sock"
        monitor.unlink(missing_ok=True)
        # Always in software: a /dev/kvm that opens is no promise that a guest starts, and here it does not.
        command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "2048"]
        spoken = "console=ttyS0 quiet panic=-1 systemd.unit=fire.target"
        command += ["-kernel", str(kernel), "-initrd", str(initrd), "-append", spoken]
        command += ["-display", "none", "-serial", f"file:{self.console}", "-monitor", "none", "-no-reboot", "-nic", "none"]
        command += ["-device", "qemu-xhci,id=xhci", "-qmp", f"unix:{monitor},server,nowait"]
        command += ["-fsdev", "local,id=r,path=/,security_model=none,readonly=on,multidevs=remap"]
        command += ["-device", "virtio-9p-pci,fsdev=r,mount_tag=hostroot"]
        command += [
            "-fsdev",
            f"local,id=t,path={self.told},security_model=none",
            "-device",
            "virtio-9p-pci,fsdev=t,mount_tag=told",
        ]
        command += ["-drive", f"file={disk},format=raw,if=virtio,cache=writeback"]
        self.console.write_text("")
        self.complaints = work / "qemu.txt"
        with self.complaints.open("wb") as said:
            self.qemu = subprocess.Popen(command, stdout=said, stderr=said)
        self.until(lambda: monitor.exists(), 10)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(monitor))
        self.file = self.socket.makefile("rw")
        self.file.readline()
        self.qmp("qmp_capabilities")

    def __enter__(self) -> Guest:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut_power()

    def cut_power(self) -> None:
        """`kill -9` of the whole machine: what its memory held is gone."""
        self.qemu.send_signal(signal.SIGKILL)
        self.qemu.wait()
        self.file.close()
        self.socket.close()

    def booted(self, seconds: float) -> None:
        """Wait for user space. Raises NoGuest with the console's end."""
        self.until(lambda: "GUEST-READY" in self.console.read_text("utf-8", "replace"), seconds)

    def qmp(self, command: str, **arguments: object) -> Any:
        """One command to the machine; its answer, events skipped."""
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise AssertionError(f"{command}: {answer['error']['desc']}")

    def plug(self, image: Path, serial: str) -> None:
        """A recorder is put into the dock."""
        self.id += 1
        file = {"driver": "file", "filename": str(image), "read-only": True}
        self.qmp("blockdev-add", **{"driver": "raw", "node-name": f"b{self.id}", "read-only": True, "file": file})
        self.qmp("device_add", driver="usb-storage", id=f"u{self.id}", drive=f"b{self.id}", bus="xhci.0", serial=serial)

    def unplug(self) -> None:
        """And torn out of it."""
        self.qmp("device_del", id=f"u{self.id}")
        time.sleep(1)
        self.qmp("blockdev-del", **{"node-name": f"b{self.id}"})

    def start(self, script: str) -> int:
        """Hand the guest a script; its number."""
        number, self.count = self.count, self.count + 1
        (self.told / f"{number}.sh").write_text(script + "\n")
        (self.told / f"{number}.go").touch()
        return number

    def run(self, script: str, seconds: float = 240, check: bool = True) -> str:
        """Run a script in the guest; what it printed."""
        number = self.start(script)
        self.until(lambda: (self.told / f"{number}.rc").exists(), seconds)
        said = (self.told / f"{number}.out").read_text("utf-8", "replace")
        code = int((self.told / f"{number}.rc").read_text())
        assert code == 0 or not check, f"exit {code}: {script}\n{said}"
        return said

    def until(self, condition: Any, seconds: float) -> None:
        """Wait for something while the machine runs. Raises NoGuest with the console's end."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.qemu.poll() is not None:
                raise NoGuest(f"the machine ended: {self.complaints.read_text('utf-8', 'replace')[-600:]}")
            if condition():
                return
            time.sleep(0.1)
        raise NoGuest(f"not within {seconds:.0f} s; console: {self.console.read_text('utf-8', 'replace')[-600:]}")


def vfat_card(image: Path, files: dict[str, bytes], mebibytes: int) -> None:
    """A card as a recorder formats it, written without mounting it."""
    with image.open("wb") as made:
        made.truncate(mebibytes << 20)
    subprocess.run(["mkfs.vfat", "-F", "32", "-n", "BODYCAM", image], check=True, capture_output=True)
    folders: Sequence[str] = sorted({name.rpartition("/")[0] for name in files if "/" in name})
    environment = os.environ | {"MTOOLS_SKIP_CHECK": "1"}
    for folder in folders:
        subprocess.run(["mmd", "-i", image, f"::{folder}"], check=True, env=environment)
    for name, content in files.items():
        subprocess.run(["mcopy", "-i", image, "-", f"::{name}"], input=content, check=True, env=environment)
