"""The page that one comes back to: the whole of it, and never another host."""

from __future__ import annotations

from urllib.parse import quote, urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signedin.rules.ticket import is_own_path, page_wanted

HERE = "https://app.example.org"
PAGES = ("/", "/orders", "/orders?page=2&sort=up", "/orders?q=a%26b%3D%2F&next=/x", "/a%20b", "/caf%C3%A9", "/R&D",
         "/AT%26T?x=1", "/a%2Fb", "/100%25", "/a+b?c+d", "/to-app?host=a&next=/b%3Fc%26d")  # fmt: skip


@pytest.mark.guide("R4")
@pytest.mark.parametrize("page", PAGES)
def test_a_page_comes_back_whole_whether_it_was_escaped_or_came_as_it_is(page):
    assert page_wanted(b"next=" + quote(page, safe="/").encode()) == page
    assert page_wanted(b"next=" + quote(page, safe="").encode()) == page
    assert page_wanted(b"next=" + page.encode()) == page
    assert page_wanted(b"lang=de&next=" + page.encode()) == page


@pytest.mark.guide("R4")
@pytest.mark.security("3.7.2")
@pytest.mark.parametrize(
    "told", ["//evil.example", "/\\evil.example", "https://evil.example/?a=1", "%2F%2Fevil.example", "/%2Fevil.example",
             "/%2fevil.example?a=1&b=2", "/%5Cevil.example", "//evil.example/?next=/x", "javascript:alert(1)?x",
             "/x\r\ny?z", "", "next=/x", "/?\u00e9"]
)  # fmt: skip
def test_what_could_lead_to_another_host_or_is_no_address_leads_nowhere(told):
    assert page_wanted(f"next={told}".encode("latin-1")) == ""
    assert page_wanted(b"") == page_wanted(b"xnext=/x") == ""


@pytest.mark.security("3.7.2")
@given(st.text(alphabet="/\\%2f5c?&=.:@#a evil\t\n", max_size=30))
def test_whatever_is_asked_for_it_is_a_page_of_this_host(told):
    page = page_wanted(b"next=" + told.encode())
    assert not page or (is_own_path(page) and urljoin(HERE, page).startswith(HERE + "/"))
