"""The page at `/`: what this is and where its endpoints are. No script, nothing from elsewhere."""

import base64
import hashlib
from html import escape
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 4rem auto; max-width: 42rem; padding: 0 1rem }
h1 { font-size: 1.5rem } dt { font-weight: 600; margin-top: .8rem } dd { margin: 0 }
.note { border: 1px solid; border-radius: .4rem; padding: .6rem .8rem }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'"

_LINKS = (
    ("/graphql", "the GraphQL endpoint: POST queries and mutations here"),
    ("/openapi.json", "the description of the REST operation POST /topics/bulk/snapshot"),
    ("/readyz", "whether the gateway is ready, and which part is not"),
)
_SIMULATED = (
    '<p class="note"><strong>Simulated:</strong> no Debezium runs behind this gateway. Signals are recorded, and a '
    "simulator reports the snapshots as complete.</p>"
)


def front_page_route(*, simulated: bool, note: str | None = None) -> Route:
    """Return the route of `/`; `note` is something that the operator should know."""
    items = "".join(
        f'<dt><a href="{escape(path)}">{escape(path)}</a></dt><dd>{escape(text)}</dd>' for path, text in _LINKS
    )
    noted = f'<p class="note">{escape(note)}</p>' if note else ""
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Topicsnap</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>Topicsnap {escape(version('topicsnap'))}</h1>"
        "<p>A GraphQL gateway for change-data-capture snapshots: select Kafka topics, snapshot just those, on every "
        f"Debezium connector at once.</p>{_SIMULATED if simulated else ''}{noted}<dl>{items}</dl></body></html>"
    )
    response_headers = {"Content-Security-Policy": POLICY}

    async def show(_: Request) -> Response:
        return HTMLResponse(page, headers=response_headers)

    return Route("/", show)
