"""A station with two units' cases and an account of each kind, and a visitor with a browser's cookie."""

from __future__ import annotations

import http.client
import re
from contextlib import closing, contextmanager
from urllib.parse import urlencode, urlsplit

import pytest

from avrecord import durable
from avrecord.pipeline.accounts import AccountFile
from avrecord.rules.roles import Account
from cli.desk import EAST, Desk, filmed_day
from web.test_status_page import served

PASSWORD = "督察口令-很长的一句话"
PEOPLE = {
    "wang": Account("wang", "FY9", "supervisor", ""),
    "zhang": Account("zhang", "FY8", "supervisor", EAST),
    "li": Account("li", "SB1", "custodian", ""),
    "shen": Account("shen", "SJ1", "auditor", ""),
    "guan": Account("guan", "XT1", "admin", ""),
    "cao": Account("cao", "CZ1", "operator", ""),
}


_MADE: list[bytes] = []


def let_in(root) -> None:
    """Give everybody an account. The passwords are hashed once in a process: that is meant to be slow."""
    accounts = AccountFile(root)
    if not _MADE:
        for each in PEOPLE.values():
            accounts.set(each, PASSWORD)
        _MADE.append(accounts.path.read_bytes())
    durable.replace_with(accounts.path, _MADE[0], mode=0o600)


@pytest.fixture
def station(kit, dcam, dock, tmp_path, monkeypatch, capsys):
    made = Desk(kit.root, monkeypatch, capsys)
    filmed_day(made, kit, dcam, dock, tmp_path, seconds=1100)
    let_in(kit.root)
    return kit


FORM = "application/x-www-form-urlencoded"
BOUNDARY = "----avrecordtest"


def multipart(fields: dict[str, str], files: dict[str, tuple[str, bytes]]) -> tuple[bytes, str]:
    """A form as browsers send one with files (RFC 7578), and its type."""
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
    parts = [f'{head}"{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    for name, (called, content) in files.items():
        parts.append(f'{head}"{name}"; filename="{called}"\r\nContent-Type: text/html\r\n\r\n'.encode() + content + b"\r\n")
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()]), f"multipart/form-data; boundary={BOUNDARY}"


class Browser:
    """A browser's cookie and nothing else."""

    def __init__(self, url: str) -> None:
        self.host = urlsplit(url).netloc
        self.cookie = ""

    def ask(
        self, method: str, path: str, body: str | bytes | None = None, type_: str = FORM, **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        connection = http.client.HTTPConnection(self.host, timeout=10)
        sent = {
            "Cookie": self.cookie,
            **({"Content-Type": type_} if body is not None else {}),
            **headers,
        }
        with closing(connection):  # an answer that ends short is an error of the reading, and leaves nothing open
            connection.request(method, path, body, {key: value for key, value in sent.items() if value})
            with connection.getresponse() as answer:
                text, told = answer.read().decode("utf-8", "replace"), dict(answer.getheaders())
        if "set-cookie" in told:
            self.cookie = told["set-cookie"].partition(";")[0]
        return answer.status, text, told

    def send(self, page: str, path: str, **fields: str) -> tuple[int, str, dict[str, str]]:
        """Send a form as the page gives it, with its session's word."""
        word = re.search(r'name="word" value="([0-9a-f]{64})"', self.page(page))
        return self.ask("POST", path, urlencode({"word": word[1] if word else "", **fields}))

    def upload(self, page: str, path: str, files: dict[str, tuple[str, bytes]], **fields: str) -> tuple[int, str, dict[str, str]]:
        """Send a form with files (field: what the browser calls it, content), as the page gives it."""
        word = re.search(r'name="word" value="([0-9a-f]{64})"', self.page(page))
        return self.ask("POST", path, *multipart({"word": word[1] if word else "", **fields}, files))

    def log_in(self, name: str, password: str = PASSWORD, to: str = "/cases") -> tuple[int, str, dict[str, str]]:
        return self.ask("POST", "/login", urlencode({"name": name, "password": password, "to": to}))

    def page(self, path: str) -> str:
        status, text, _ = self.ask("GET", path)
        assert status == 200, (path, status, text[-700:])
        return text


@contextmanager
def browser(kit, name: str = ""):
    with served(kit, 1) as url:
        made = Browser(url)
        if name:
            assert made.log_in(name)[0] == 303
        yield made
