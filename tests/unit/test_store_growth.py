"""What the status page asks must not grow with the archive."""

from __future__ import annotations

from contextlib import closing

from avrecord.store.named import queries
from avrecord.store.sqlite import Store, sqlite3


def test_the_page_counts_what_a_docking_brought_by_an_index(tmp_path):
    Store(tmp_path / "avrecord.db").close()
    with closing(sqlite3.connect(tmp_path / "avrecord.db")) as connection:
        plan = [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {queries()['recent_dockings']}")]
    sources = [step for step in plan if step.split()[1] == "s"]
    assert sources
    assert all(step.startswith("SEARCH") for step in sources), plan
