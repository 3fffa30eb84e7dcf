"""The settings as they are written down are the settings as they are."""

import re

from gateway.settings import COMMAND_VARIABLES, Settings, variable
from gateway.settings_reference import EXAMPLE, TABLE, configuration_page, env_example

ADVICE = "run `python -m gateway.settings_reference`"


def test_env_example_is_current() -> None:
    assert EXAMPLE.read_text("utf-8") == env_example(), ADVICE


def test_configuration_page_is_current() -> None:
    assert TABLE.read_text("utf-8") == configuration_page(), ADVICE


def test_both_name_every_variable_once() -> None:
    known = sorted([*(variable(field) for field in Settings.model_fields), *COMMAND_VARIABLES])
    assert sorted(re.findall(r"^#(TOPICSNAP_\w+)=", env_example(), re.MULTILINE)) == known
    assert sorted(re.findall(r"^\| `(TOPICSNAP_\w+)`", configuration_page(), re.MULTILINE)) == known


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
