"""What other projects wrote is served exactly as they wrote it."""

from __future__ import annotations

import hashlib

import pytest

from tools import vendor

FILES = [file for package in vendor.packages() for file in package["file"]]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file["to"])
def test_a_vendored_file_is_the_one_that_was_published(file):
    assert hashlib.sha384((vendor.ROOT / file["to"]).read_bytes()).hexdigest() == file["sha384"]


def test_nothing_else_stands_among_the_vendored_files():
    folder = vendor.ROOT / "src/signedin/web/static/vendor"
    assert {str(file.relative_to(vendor.ROOT)) for file in folder.iterdir()} == {file["to"] for file in FILES}
