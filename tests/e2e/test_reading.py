"""Looking changes nothing and needs nothing: no journal, no write, a viewer's rights."""

from __future__ import annotations

from tests.e2e.conftest import Starts
from tests.support.layout import SHOP


async def test_an_application_that_was_there_is_seen_as_it_is(scenario: Starts) -> None:
    async with scenario(SHOP) as s:
        await s.adopt("v1.4.0", active="west")
        seen = (await s.cli("--json", "status")).expect(0).json
        assert (seen["active"], seen["split"], seen["users"]["state"]) == ("west", False, "well")
        assert seen["slots"]["west"]["components"]["web"]["ready"] == 2
        assert not s.journal.exists()
