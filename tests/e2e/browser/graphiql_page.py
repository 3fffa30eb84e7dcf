"""GraphiQL as a person uses it: tabs, editors, the button that runs, the answer."""

import json
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Locator, Page, expect

ANSWER_MS = 15_000
_SELECT_ALL = "ControlOrMeta+A"
_SELECT_REST = "ControlOrMeta+Shift+End"


@dataclass(frozen=True)
class GraphiQLPage:
    """The page, loaded."""

    page: Page

    def tab(self, name: str) -> Locator:
        """Return the tab of the operation `name`."""
        return self.page.get_by_role("tablist").get_by_role("button", name=name, exact=True)

    async def open_tab(self, name: str) -> None:
        """Go to the tab of the operation `name`."""
        await self.tab(name).click()
        await expect(self.page.locator(".graphiql-query-editor")).to_contain_text(name)

    async def type_query(self, text: str) -> None:
        """Type `text` in place of the query, as from a keyboard."""
        await self._type(".graphiql-query-editor", text)

    async def type_variables(self, variables: object) -> None:
        """Put `variables` in place of those in the editor below the query."""
        await self._type(".graphiql-editor-tool", json.dumps(variables))

    async def run(self) -> Any:  # noqa: ANN401 - JSON
        """Press the button, and return the answer."""
        async with self.page.expect_response(lambda response: response.url.endswith("/graphql")) as caught:
            await self.page.get_by_role("button", name="Execute query").click()
        return await (await caught.value).json()

    async def watch_newest(self, bulk_snapshot_id: str) -> None:
        """Press the magnifying glass, which subscribes to the newest bulk snapshot in a tab of its own."""
        await self.page.get_by_role("button", name="Watch the newest bulk snapshot").click()
        await expect(self.page.locator(".graphiql-editor-tool")).to_contain_text(bulk_snapshot_id, timeout=ANSWER_MS)
        await expect(self.page.locator(".graphiql-query-editor .view-lines")).to_contain_text("bulkSnapshotProgress")

    async def shows(self, text: str, timeout_ms: float = ANSWER_MS) -> None:
        """Wait until the answer, as it is shown, has `text`."""
        await expect(self.page.locator(".result-window")).to_contain_text(text, timeout=timeout_ms)

    async def stands_still(self) -> None:
        """Wait until nothing runs: the button that stops has become the one that runs."""
        await expect(self.page.get_by_role("button", name="Execute query")).to_be_visible(timeout=ANSWER_MS)

    async def query(self) -> str:
        """Return the query as the editor has it."""
        return await self.page.locator(".graphiql-query-editor .view-lines").inner_text()

    async def _type(self, editor: str, text: str) -> None:
        await self.page.locator(f"{editor} .view-lines").first.click()
        await self.page.keyboard.press(_SELECT_ALL)
        await self.page.keyboard.insert_text(text)
        await self.page.keyboard.press(_SELECT_REST)  # brackets and quotes that the editor closed for us
        await self.page.keyboard.press("Delete")
