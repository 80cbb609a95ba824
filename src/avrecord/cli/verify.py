"""`avrecord verify`: the auditor's command, on a station or on a bundle."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Command, Session, at_least, options, session
from avrecord.cli.clips import DAY
from avrecord.cli.output import formats, give
from avrecord.cli.progress import teller
from avrecord.model.finding import Finding, Verification
from avrecord.pipeline.keylists import read_for_audit
from avrecord.pipeline.resuming import Resumed, progress_file
from avrecord.pipeline.scrub import scrub
from avrecord.pipeline.standing import Demand
from avrecord.pipeline.unbundle import read_trust, verify_bundle
from avrecord.pipeline.verify import Selection, verify_evidence
from avrecord.reads.clips import day_bounds
from avrecord.reads.verification import on_what, verified
from avrecord.seal.policy import read_policy
from avrecord.station import evidence, now

LONGEST_AGE = 36_500  # days
FILE = click.Path(dir_okay=False, path_type=Path)

trust_options = options(
    click.option(
        "--checkpoint",
        "checkpoints",
        multiple=True,
        type=FILE,
        metavar="文件",
        help="采集站以外保存的检查点（可重复）：签名文件，或从纸上录入的“名称 条数 根哈希”",
    ),
    click.option("--policy", type=FILE, metavar="文件", help="核验策略：公钥与见证要求"),
    click.option("--key-list", type=FILE, metavar="文件", help="根密钥签过名的密钥表"),
    click.option("--root-key", type=FILE, metavar="文件", help="根公钥（与 --key-list 同用）"),
    click.option("--max-age", type=int, callback=at_least(1), default=None, metavar="天数", help="最近一次见证不得早于多少天前"),
    click.option("--signers", type=FILE, metavar="文件", help="核验资料包：可信的 allowed_signers"),
    click.option("--trust-bundle", is_flag=True, help="核验资料包：使用包内公钥（只能说明包内自洽）"),
)


@click.command("verify", cls=Command)
@click.argument("bundle", required=False, type=click.Path(file_okay=False, path_type=Path), metavar="[资料包目录]")
@click.option("--all", "everything", is_flag=True, help="核验全部片段和日志")
@click.option("--clip", default=None, metavar="编号", help="只核验一个片段（日志仍全部核验）")
@click.option("--since", type=DAY, default=None, metavar="日期", help="只重读这天起封存的片段（日志仍全部核验）")
@click.option("--resume", is_flag=True, help="接着上次中断的 --all 或 --since 核验")
@click.option(
    "--scrub",
    "scrub_minutes",
    type=float,
    callback=at_least(0),
    default=None,
    metavar="分钟",
    help="在限定时间内先重读最久未读的片段，结果记入日志",
)
@trust_options
@click.option("--full", is_flag=True, help="完好的片段也逐个列出")
@click.option("--brief", is_flag=True, help="JSON 中也只列出有问题的")
@formats
@session
def verify_(
    s: Session,
    /,
    bundle: Path | None,
    everything: bool,
    clip: str | None,
    since: Any,
    resume: bool,
    scrub_minutes: float | None,
    full: bool,
    brief: bool,
    **given: Any,
) -> None:
    """核验：重读每个片段和日志，或离线核验一个资料包，逐个给出结论。"""
    if sum((everything, clip is not None, bundle is not None, since is not None, scrub_minutes is not None)) != 1:
        raise click.UsageError("请给出 --all、--since 日期、--clip 编号、--scrub 分钟或资料包目录中的一个")
    form = {key: given.pop(key) for key in ("as_json", "as_csv", "xlsx")}
    started, notes = time.monotonic(), list[str]()
    demand, more = _demand(given, notes)
    signers, trust_bundle = given["signers"], given["trust_bundle"]
    if bundle and (given["checkpoints"] or given["max_age"]):
        raise click.UsageError("--checkpoint 和 --max-age 用于核验采集站，不用于资料包")
    if bundle:
        result = verify_bundle(bundle, read_trust(bundle, signers, demand, trust_bundle))
    elif scrub_minutes is not None:
        result = scrub(s.kit, scrub_minutes * 60)
    else:
        begins = day_bounds(since, None)["since"] if since else None
        result = _station(s, Selection(clip.lower() if clip else None, begins), demand, resume, notes)
    result = result.with_findings(more)
    seconds = time.monotonic() - started
    give(verified(result, seconds, notes + on_what(result, bundle is not None), full or (form["as_json"] and not brief)), **form)


def _demand(given: dict[str, Any], notes: list[str]) -> tuple[Demand, list[Finding]]:
    """What the auditor brought, read and checked; findings about the key list itself."""
    listed, root = given["key_list"], given["root_key"]
    if (listed is None) != (root is None):
        raise click.UsageError("--key-list 和 --root-key 要一起给出")
    policy = read_policy(given["policy"]) if given["policy"] else None
    keys, findings = None, list[Finding]()
    if listed:
        keys, findings, remembered = read_for_audit(listed, root)
        if not remembered:
            notes.append("根公钥所在介质不可写：未能记下密钥表版本，下次看不出密钥表被回退。")
    age = timedelta(days=min(given["max_age"], LONGEST_AGE)) if given["max_age"] else None
    return Demand(tuple(given["checkpoints"]), policy, keys, now(), age), findings


def _station(s: Session, selection: Selection, demand: Demand, resume: bool, notes: list[str]) -> Verification:
    """The station's evidence. What was read is kept until the end, so that an interruption costs nothing."""
    found = evidence(s.root, teller(s.quiet))
    with Resumed(progress_file(found), resume) as reader:
        result = verify_evidence(found, selection, demand, reader)
        reader.done()
    if reader.reused:
        notes.append(f"其中 {reader.reused} 个片段沿用 {reader.began} 起那次中断的核验中已读的结果。")
    return result


COMMANDS = (verify_,)
