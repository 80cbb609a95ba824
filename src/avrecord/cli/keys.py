"""Keys: a station's own, and the offline root that lists everybody's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Group, Session, at_least, by_default, options, session, words_needed
from avrecord.cli.output import formats, give
from avrecord.errors import CannotWrite, KeyProblem
from avrecord.model.moments import BEIJING, beijing, from_utc_text
from avrecord.model.trust import KeyList
from avrecord.pipeline import authority, rotation
from avrecord.pipeline.keylists import LISTED, read_for_audit
from avrecord.reads.answer import Answer, Column, moment, words
from avrecord.seal import keyfile
from avrecord.seal import keys as station_keys
from avrecord.station import now, open_station, served
from avrecord.words import KEY_REASONS, KEY_ROLES

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)
MOMENT = click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"])
YEAR = 400  # days: a list is renewed at the yearly inspection, with a month to spare

role_option = click.option(
    "--role",
    type=click.Choice(station_keys.ROLES),
    required=True,
    metavar="用途",
    help="哪把密钥：clip 片段 / log 日志 / witness 见证",
)
days_option = click.option("--days", type=int, callback=at_least(1), default=YEAR, metavar="天数", help="密钥表有效天数")
passphrase_option = click.option("--passphrase-file", type=FILE, metavar="文件", help="口令文件（取首行）；不给则在终端询问")
root_option = options(
    click.option("--root-dir", required=True, type=FOLDER, metavar="目录", help="根密钥目录（离线介质）"), passphrase_option
)


@click.group("keys", cls=Group)
def keys() -> None:
    """密钥：本站的密钥、换钥；离线根密钥与密钥表。"""


@keys.command("show")
@formats
@session
def show(s: Session, /, **form: Any) -> None:
    """列出本站日志宣布过的密钥，以及已安装的密钥表。"""
    rows = [
        {"role": row["role"], "key_id": row["key_id"], "since": from_utc_text(row["at"]), "index": row["seq"],
         "reason": row["reason"], "public": row["public"]}
        for row in s.kit.store.rows("announced_keys")
    ]  # fmt: skip
    columns = [
        Column("role", "用途", words(KEY_ROLES)),
        Column("key_id", "指纹", width=20),
        Column("since", "启用", moment, 10),
        Column("index", "日志序号"),
        Column("reason", "原因", words(KEY_REASONS)),
    ]
    listed = s.kit.store.row("newest_keylist")
    extra = {"keylist_version": listed["version"] if listed else None, "root": listed["root"] if listed else None}
    note = f"已安装密钥表第 {listed['version']} 版" if listed else "未安装密钥表：密钥未经根密钥核准"
    give(Answer("keys", "本站的密钥", columns, rows, extra, [note]), **form)


@keys.command("export")
@click.option("--out", required=True, type=FILE, metavar="文件", help="写到哪个文件（不含私钥）")
@session
def export(s: Session, out: Path) -> None:
    """导出本站的公钥，交给根密钥保管人列入密钥表。"""
    kit = s.kit
    public = {"clip": kit.sealer.public, "log": kit.log_key.public, "witness": kit.witness_key.public}
    texts = {role: station_keys.public_text(role, kit.station, key) for role, key in public.items()}
    try:
        out.write_bytes(authority.exported(kit.station, texts))
    except OSError as error:
        raise CannotWrite(path=out, detail=error.strerror or str(error)) from error
    click.echo(f"已写入 {out}。片段密钥指纹 {kit.sealer.key_id}：请当面核对后再列入。")


@keys.command("rotate")
@role_option
@click.option("--token", "uri", default=None, metavar="地址", help="改用密码设备中的密钥，RFC 7512 写法，见 docs/keys.md")
@by_default
@session
def rotate(s: Session, role: str, uri: str | None, by: str) -> None:
    """更换一把密钥，由旧密钥认可并记入日志（须先停止服务）。"""
    with served(s.root):
        body = rotation.rotate(s.kit, role, by, keyfile.passphrase_from_environment, uri)
        s.kit.store.close()
        open_station(s.root).store.close()  # a new log key signs at once
    click.echo(f"已更换{KEY_ROLES[role]}密钥，新指纹 {body.key_id}。请重新 keys export，由根密钥保管人列入新版密钥表。")


@keys.command("protect")
@click.option("--passphrase-file", type=FILE, metavar="文件", help="新口令所在的文件（取首行）；不给则在终端询问")
@click.option("--remove", is_flag=True, help="取消口令保护")
@session
def protect(s: Session, passphrase_file: Path | None, remove: bool) -> None:
    """给本站私钥加上口令（argon2id），或取消；原口令取自环境变量。"""
    with served(s.root):
        new = None if remove else _asked(passphrase_file, confirm=True)
        roles = station_keys.protect(s.root / "keys", keyfile.passphrase_from_environment, new)
    done = "已取消口令保护" if remove else f"已加口令保护，启动服务前请设置环境变量 {keyfile.PASSPHRASE_FILE}"
    click.echo(f"{'、'.join(KEY_ROLES[role] for role in roles)}密钥{done}。")


@keys.command("install")
@click.argument("file", type=FILE, metavar="密钥表")
@click.option("--root-key", type=FILE, metavar="文件", help="根公钥（首次安装时需要，应由另一途径取得）")
@by_default
@session
def install(s: Session, file: Path, root_key: Path | None, by: str) -> None:
    """在本站安装根密钥签过名的密钥表，记入日志。"""
    body = rotation.install(s.kit, file, root_key, by)
    click.echo(f"已安装密钥表第 {body.version} 版。")


@keys.command("root-init")
@click.option("--root-dir", required=True, type=FOLDER, metavar="目录", help="新建在哪个目录（应是离线介质）")
@passphrase_option
@days_option
def root_init(root_dir: Path, passphrase_file: Path | None, days: int) -> None:
    """建立离线根密钥（另一介质），并签发第 1 版空密钥表。"""
    public = authority.init(root_dir, _asked(passphrase_file, confirm=True), now(), days)
    click.echo(f"根密钥已建立在 {root_dir}。请公布根公钥，并把本介质离线保管：\n{public.text}", nl=False)


@keys.command("list-add")
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="公钥文件…")
@root_option
@days_option
def list_add(files: tuple[Path, ...], root_dir: Path, passphrase_file: Path | None, days: int) -> None:
    """把采集站导出的公钥列入密钥表，签发新版。"""
    _issued(root_dir, authority.add(root_dir, files, now(), days, lambda: _asked(passphrase_file)))


@keys.command("list-revoke")
@click.argument("key_id", metavar="指纹")
@click.option("--stolen-at", required=True, type=MOMENT, metavar="时间", help="失窃时间（北京时间）：只认此前经过见证的封存")
@click.option("--until-index", type=int, callback=at_least(0), default=None, metavar="序号", help="只认日志此序号之前的记录")
@click.option("--why", required=True, callback=words_needed, metavar="理由", help="吊销理由")
@root_option
@days_option
def list_revoke(
    key_id: str, stolen_at: Any, until_index: int | None, why: str, root_dir: Path, passphrase_file: Path | None, days: int
) -> None:
    """吊销一把密钥，签发新版密钥表。"""
    found = authority.revoke(
        root_dir, key_id, stolen_at.replace(tzinfo=BEIJING), until_index, why, now(), days, lambda: _asked(passphrase_file)
    )
    _issued(root_dir, found)


@keys.command("list-end")
@click.argument("key_id", metavar="指纹")
@click.option("--at", "at", required=True, type=MOMENT, metavar="时间", help="用到何时（北京时间），例如采集站停用之日")
@root_option
@days_option
def list_end(key_id: str, at: Any, root_dir: Path, passphrase_file: Path | None, days: int) -> None:
    """给一把密钥写上停用时间，签发新版密钥表。"""
    until = at.replace(tzinfo=BEIJING)
    _issued(root_dir, authority.end(root_dir, key_id, until, now(), days, lambda: _asked(passphrase_file)))


@keys.command("list-renew")
@root_option
@days_option
def list_renew(root_dir: Path, passphrase_file: Path | None, days: int) -> None:
    """密钥不变，签发一版新的有效期。"""
    _issued(root_dir, authority.renew(root_dir, now(), days, lambda: _asked(passphrase_file)))


@keys.command("root-rotate")
@click.option("--new-dir", required=True, type=FOLDER, metavar="目录", help="新根密钥建在哪个目录（另一介质）")
@click.option("--new-passphrase-file", type=FILE, metavar="文件", help="新根密钥的口令文件；不给则在终端询问")
@root_option
@days_option
def root_rotate(new_dir: Path, new_passphrase_file: Path | None, root_dir: Path, passphrase_file: Path | None, days: int) -> None:
    """更换根密钥：新根签发下一版密钥表，旧根同签。"""
    new = _asked(new_passphrase_file, confirm=True)
    _issued(new_dir, authority.hand_over(root_dir, new_dir, now(), days, lambda: _asked(passphrase_file), new))


@keys.command("list-show")
@click.argument("file", type=FILE, metavar="密钥表")
@click.option("--root-key", required=True, type=FILE, metavar="文件", help="根公钥")
@formats
def list_show(file: Path, root_key: Path, **form: Any) -> None:
    """核对密钥表的签名并列出其中的密钥。"""
    found, findings, _ = read_for_audit(file, root_key)
    if findings:
        raise KeyProblem(path=file, detail=findings[0].detail)
    rows = [
        {
            "station": key.station,
            "role": key.role,
            "key_id": authority.fingerprint(key),
            "valid_from": from_utc_text(key.valid_from),
            "valid_until": from_utc_text(key.valid_until) if key.valid_until else None,
            "revoked": f"{key.revoked.cosigned_before[:19]}Z {key.revoked.why}" if key.revoked else None,
            "key": key.key,
        }
        for key in found.keys
    ]
    columns = [
        Column("station", "采集站"),
        Column("role", "用途", words(KEY_ROLES)),
        Column("key_id", "指纹", width=20),
        Column("valid_from", "启用", moment, 10),
        Column("valid_until", "停用", moment, 10),
        Column("revoked", "吊销", width=16),
    ]
    expires = beijing(from_utc_text(found.expires), "%Y-%m-%d")
    extra = {"version": found.version, "expires": found.expires, "root": found.root}
    give(Answer("keylist", f"密钥表第 {found.version} 版", columns, rows, extra, [f"有效期至 {expires}"]), **form)


@keys.command("openssh")
@click.argument("file", type=FILE, metavar="密钥表")
@click.option("--root-key", required=True, type=FILE, metavar="文件", help="根公钥")
@click.option("--out", required=True, type=FOLDER, metavar="目录", help="写到哪个目录")
def openssh(file: Path, root_key: Path, out: Path) -> None:
    """由密钥表生成 OpenSSH 用的 allowed_signers 和吊销表（KRL）。"""
    found, findings, _ = read_for_audit(file, root_key)
    if findings:
        raise KeyProblem(path=file, detail=findings[0].detail)
    signers, revoked = authority.write_openssh(found, out)
    click.echo(f"已写入 {signers} 和 {revoked}。")
    click.echo("吊销表会拒绝该密钥的全部签名，包括失窃前的；按日志位置和见证时间判断请用 verify --key-list。")


def _issued(folder: Path, found: KeyList) -> None:
    until = beijing(from_utc_text(found.expires), "%Y-%m-%d")
    click.echo(f"已签发密钥表第 {found.version} 版，密钥 {len(found.keys)} 把，有效期至 {until}：{folder / LISTED}")
    for key in found.keys:
        state = "（已吊销）" if key.revoked else f"（至 {key.valid_until[:10]}）" if key.valid_until else ""
        click.echo(f"  {key.station} {KEY_ROLES[key.role]} {authority.fingerprint(key)}{state}")


def _asked(path: Path | None, *, confirm: bool = False) -> bytes:
    """The passphrase: a file's first line, else what is typed. A root or a station under an empty one is not protected."""
    if path:
        return keyfile.passphrase_in(path)
    if not sys.stdin.isatty():
        raise click.UsageError("不在终端上，请用 --passphrase-file 给出口令文件")
    typed: str = click.prompt("口令", hide_input=True, confirmation_prompt="再输一次" if confirm else False, err=True)
    return typed.encode()


COMMANDS = (keys,)
