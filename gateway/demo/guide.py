"""What the demo prints when it is ready: addresses, a mutation that can be pasted, how to watch and how to stop."""

import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

TOPICS = (
    "shop.public.page_views",
    "shop.public.orders",
    "shop.public.audit_log",
    "billing.public.invoices",
    "crm.public.contacts",
    "orders_enriched",
)
"""Of three sources; one keyless table and one topic of a transform, which are skipped with their reasons."""

MUTATION = """
mutation Snapshot($input: BulkSnapshotTopicsInput!) {
  bulkSnapshotTopics(input: $input) {
    bulkSnapshot { id state }
    results { __typename success message source { name } topics { name } }
    skippedTopics { topic { name } reason message }
    summary { total succeeded failed unconfirmed topics skippedTopics }
    userErrors { code message field }
  }
}
""".strip()
PROGRESS = """
query Progress($id: ID!) {
  bulkSnapshot(id: $id) {
    state progress { topicsFinished topicsTotal rowsScanned }
    snapshots { state source { name } topics { topic { name } state rowsScanned outcome } }
  }
}
""".strip()


def guide(url: str, ids: Mapping[str, str], notes: Sequence[str]) -> str:
    """Return the text; `ids` are topic ids by name."""
    wanted = [name for name in TOPICS if name in ids]
    chosen = [ids[name] for name in wanted]
    given = {"topicIds": chosen, "reason": "demo"}
    body = orjson.dumps({"query": _one_line(MUTATION), "variables": {"input": given}}).decode()
    literal = ", ".join(f'"{topic_id}"' for topic_id in chosen)
    plain = MUTATION.replace("mutation Snapshot($input: BulkSnapshotTopicsInput!)", "mutation").replace(
        "(input: $input)", f"(input: {{ topicIds: [{literal}] }})"
    )
    program = _program()
    return "\n".join(
        [
            f"Topicsnap is ready at {url}/",
            f"  GraphQL   {url}/graphql",
            f"  health    {url}/readyz",
            *(f"\n{note}" for note in notes),
            f"\nSnapshot {', '.join(wanted[:-1])} and {wanted[-1]}, from another terminal:\n",
            f"curl -sS {url}/graphql -H 'Content-Type: application/json' -d {shlex.quote(body)}",
            "\nThe same in plain GraphQL:\n",
            plain,
            "\nOr by command, with the progress until the end:\n",
            f"{program} snapshot {' '.join(wanted)} --watch --server {url}",
            "\nWatch a snapshot by the id of its bulkSnapshot:\n",
            f"{program} watch BULK_ID --server {url}",
            "\nor ask, as often as you like:\n",
            PROGRESS,
            "\nCtrl+C stops everything.",
        ]
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _program() -> str:
    """How the user can call us: by name where that finds us, else by path."""
    here = Path(sys.argv[0])
    found = shutil.which("topicsnap")
    if found is None or (here.exists() and not Path(found).samefile(here)):
        return shlex.quote(str(here)) if here.name == "topicsnap" else "topicsnap"
    return "topicsnap"
