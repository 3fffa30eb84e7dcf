"""What of the user's pip configuration reaches pip."""

import os

import pytest

from scripts.installing.pip import clean_environment, index_environment

LISTED = r"""
:env:.timeout='60'
:env:.user='1'
download.index-url='https://other.example/x'
global.cert='/certs/company.pem'
global.extra-index-url='\nhttps://one.example/x\nhttps://two.example/x'
global.index-url='https://main.example/x'
global.timeout='5'
global.user='true'
install.target='/somewhere'
install.no-deps='true'
freeze.index-url='https://never.example/x'
:env:..find_links='/wheels'
"""


def test_ways_to_the_index_are_kept_and_nothing_else() -> None:
    assert index_environment(LISTED) == {
        "PIP_CERT": "/certs/company.pem",
        "PIP_EXTRA_INDEX_URL": "\nhttps://one.example/x\nhttps://two.example/x",
        "PIP_FIND_LINKS": "/wheels",
        "PIP_INDEX_URL": "https://other.example/x",
        "PIP_TIMEOUT": "60",
    }


@pytest.mark.parametrize(
    "name",
    ["PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PIP_CONSTRAINT", "PYTHONPATH", "PYTHONHOME"],
)
def test_what_leads_astray_is_left_out(name: str) -> None:
    assert name not in clean_environment({name: "x"})


def test_the_rest_of_the_environment_is_kept() -> None:
    cleaned = clean_environment({"HTTPS_PROXY": "http://proxy.example", "PIP_CONFIG_FILE": "/home/x/pip.conf"})
    assert cleaned["HTTPS_PROXY"] == "http://proxy.example"
    assert cleaned["PIP_CONFIG_FILE"] == os.devnull
