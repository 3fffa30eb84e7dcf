"""docs/debezium.md names a test for each rule: the tests exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "debezium.md").read_text(encoding="utf-8")
MODULES = {
    "rules": "e2e/test_engine_rules.py",
    "names": "e2e/test_names_and_filters.py",
    "selection": "e2e/test_selection.py",
    "failures": "e2e/test_failures.py",
    "concurrency": "e2e/test_concurrency.py",
    "settling": "e2e/test_settling.py",
    "many": "e2e/test_many_signals.py",
    "catalog": "e2e/test_catalog.py",
    "contract": "contract/test_debezium.py",
    "unsafe": "contract/test_unsafe_names.py",
    "restart_required": "e2e/test_restart_required.py",
    "crooked": "e2e/test_crooked.py",
    "types": "e2e/test_key_types.py",
    "attacks": "e2e/verification/test_attacks.py",
}


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(\w+::\w+)`", PAGE))))
def test_a_test_that_the_page_names_exists(named: str) -> None:
    module, _, test = named.partition("::")

    assert f"def {test}(" in (ROOT / "tests" / MODULES[module]).read_text(encoding="utf-8")


def test_the_page_names_every_rule_that_is_held() -> None:
    rules = (ROOT / "tests" / MODULES["rules"]).read_text(encoding="utf-8")
    held = re.findall(r"^async def (test_\w+)\(", rules, re.MULTILINE)

    assert [test for test in held if f"`rules::{test}`" not in PAGE] == []
