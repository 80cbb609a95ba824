"""A decoder taken over by a hostile file reaches no key, no other file, no network: under each mechanism there is."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack, suppress

import pytest

from avrecord.errors import IsolationMissing
from avrecord.media import isolation, trial
from avrecord.media.isolation import BUBBLEWRAP, LANDLOCK, NAMESPACE, SECCOMP, Isolation, chosen
from avrecord.media.landlock import version
from avrecord.media.trial import in_force, tried
from avrecord.media.worker import Limits, isolated
from avrecord.pipeline.examine import examine_pending
from conftest import avrecord

SMALL = Limits(memory=1 << 30, cpu_s=5, wall_s=20)
NETWORK = {"connect by TCP", "send by UDP", "listen"}
METADATA = {"open the clip to others", "change the clip's times"}
CLIP = {"write the clip", "remove the clip", "empty the clip"}
FILES = CLIP | {
    "read the key", "open the key for writing", "list the station", "write beside", "make a folder beside",
    "rename into its place", "link to outside and write", "empty the key",
}  # fmt: skip
REFUSED = {
    # A network of its own: what it sends and listens for there reaches nobody.
    BUBBLEWRAP: {"connect by TCP", "connect to a local socket", "end the service"} | FILES | METADATA,
    LANDLOCK: FILES if version() >= 3 else FILES - {"empty the clip", "empty the key"},
    SECCOMP: NETWORK | METADATA | {"end the service", "connect to a local socket", "empty the clip", "empty the key"},
    NAMESPACE: {"connect by TCP", "send by UDP"},
}
ALL = REFUSED[BUBBLEWRAP] | REFUSED[SECCOMP]


@pytest.fixture
def reach(bad_tasks, root, tmp_path):
    """Let a child under some mechanisms try everything; give what was not refused. Nothing outside may have changed."""

    def run(mechanisms: tuple[str, ...]) -> set[str]:
        for mechanism in mechanisms:
            if problem := tried()[mechanism]:
                pytest.skip(f"{mechanism} does not work on this machine, so it is NOT TESTED here: {problem}")
        outside, clip, key = tmp_path / "outside", tmp_path / "clip.mp4", root / "keys" / "clip.key"
        outside.mkdir()
        clip.write_bytes(b"clip")
        before, heard = key.read_bytes(), []
        with ExitStack() as stack:
            tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            udp.bind(("127.0.0.1", 0))
            local = stack.enter_context(socket.socket(socket.AF_UNIX))
            local.bind(str(tmp_path / "local"))
            local.listen()
            request = {
                "outside": str(outside), "clip": str(clip), "key": str(key), "parent": os.getpid(),
                "tcp": tcp.getsockname()[1], "udp": udp.getsockname()[1], "unix": str(tmp_path / "local"),
            }  # fmt: skip
            with isolated("bad_tasks:reach", request, SMALL, reads=[clip, bad_tasks], isolation=Isolation(mechanisms)) as outcome:
                assert outcome.answer is not None, outcome.reason
                done = set(outcome.answer["done"])
            udp.setblocking(False)
            with suppress(BlockingIOError):
                heard.append(udp.recv(10))
        assert not (heard and Isolation(mechanisms).network)
        if set(mechanisms) & {BUBBLEWRAP, LANDLOCK}:
            assert list(outside.iterdir()) == []
            assert key.read_bytes() == before or version() < 3
        return done

    return run


@pytest.mark.parametrize("mechanism", list(REFUSED))
def test_each_mechanism_alone_refuses_what_it_is_for(reach, mechanism):
    done = reach((mechanism,))
    assert done & REFUSED[mechanism] == set()


def test_without_isolation_all_of_it_would_have_worked(reach):
    """The control: a test whose attempts fail by themselves proves nothing."""
    assert reach(()) == ALL


@pytest.mark.parametrize("mechanisms", [(LANDLOCK, SECCOMP), (BUBBLEWRAP, LANDLOCK, SECCOMP)])
def test_what_a_station_uses_refuses_everything(reach, mechanisms):
    assert reach(mechanisms) == set()


def test_all_that_work_are_put_on_and_the_namespace_only_where_nothing_better_is():
    assert chosen([SECCOMP, NAMESPACE, LANDLOCK, BUBBLEWRAP]).mechanisms == (BUBBLEWRAP, LANDLOCK, SECCOMP)
    assert chosen([NAMESPACE, LANDLOCK]).mechanisms == (LANDLOCK, NAMESPACE)
    assert chosen([LANDLOCK]).complete is False
    assert chosen([SECCOMP, NAMESPACE]).complete is False
    assert in_force("off") == Isolation()


def test_a_mechanism_that_lets_something_through_is_not_counted(monkeypatch):
    """As where a kernel accepts the calls and does nothing."""
    monkeypatch.setattr("avrecord.media.trial.Isolation", lambda mechanisms: Isolation())
    assert "未能拦住" in (trial.problem_of(LANDLOCK) or "")
    assert "未能拦住" in (trial.problem_of(SECCOMP) or "")


def test_a_child_on_which_a_mechanism_cannot_be_put_does_not_run(bad_tasks, monkeypatch):
    """Never silently weaker: here the parent believes in a library that the child does not find."""
    setup = "import avrecord.media.seccomp as s, runpy, ctypes; real = ctypes.CDLL; "
    setup += "ctypes.CDLL = lambda name, **k: (_ for _ in ()).throw(OSError('no library')) if name else real(name, **k); "
    setup += "runpy.run_module('avrecord.media.worker', run_name='__main__')"
    monkeypatch.setattr(
        "avrecord.media.worker.command_of", lambda task, at: [os.sys.executable, "-I", "-c", setup, task, str(at)]
    )
    with isolated("avrecord.media.forbidden:attempt", {}, SMALL, reads=[], isolation=Isolation((SECCOMP,))) as outcome:
        assert outcome.answer is None
        assert "no library" in outcome.reason


@pytest.fixture
def nothing_works(monkeypatch):
    monkeypatch.setattr(trial, "_tried", dict.fromkeys(isolation.ORDER, "内核没有 Landlock"))


def test_required_and_not_to_be_had_refuses_in_chinese_and_states_nothing(kit, dcam, dock, nothing_works, root):
    dock(dcam({"VIDEO/090000.mp4": b"x"}))
    table = kit.settings.check.model_copy(update={"isolation": "required"})
    strict = kit.settings.model_copy(update={"check": table})
    object.__setattr__(kit, "settings", strict)
    size = kit.log.size
    with pytest.raises(IsolationMissing, match="内核没有 Landlock"):
        examine_pending(kit)
    assert kit.log.size == size  # not counted as an attempt: the clip waits until the station is put right


def test_doctor_and_explain_say_what_is_in_force(root, tmp_path):
    told = avrecord("doctor", root=root).stdout
    assert "抽检隔离" in told
    working = str(in_force("auto"))
    assert working in told.replace("\n", "")
    loose = tmp_path / "a.mp4"
    loose.write_bytes(b"x" * 100)
    assert working in avrecord("check", "--file", loose, "--explain").stdout.replace("\n", "")


def test_a_wrong_word_for_the_setting_is_refused_by_name(root):
    refused = avrecord("config", "check", root=root, AVRECORD_STATION__CHECK__ISOLATION="perhaps")
    assert refused.returncode == 30
    assert "check.isolation" in refused.stderr
