"""Every link leads somewhere: no page offers what is not built."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest

from people import done_apart
from signedin.server.demo import fill

STARTS = ("/settings/sessions", "/sign-in", "/register", "/help/active-sessions", "/privacy", "/nothing/here")
LINK = re.compile(r'<(?:a|link|script)\b[^>]*?\b(?:href|src)="([^"]*)"')
QUESTION = re.compile(r'<form\b[^>]*\bmethod="get"[^>]*\baction="([^"]*)"')
DEED = re.compile(r'<form\b[^>]*\bmethod="post"[^>]*\baction="([^"]*)"')


@pytest.fixture(params=[True, False], ids=["signed in", "signed out"])
def visitor(empty_house, request):
    filled = done_apart(fill(empty_house.means, empty_house.clock()))
    browser = empty_house.browser()
    if request.param:
        assert browser.sign_in(filled.account.email, filled.password).status_code == 303
    return browser


def walk(browser):
    """Every page that links lead to from where people begin, each once, with its answer."""
    waiting, seen = list(STARTS), {}
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        answer = seen[path] = browser.open(path)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        for found in LINK.findall(answer.text) + QUESTION.findall(answer.text):
            parts = urlsplit(urljoin(path, unescape(found)))
            if not parts.netloc:
                waiting.append(parts._replace(fragment="").geturl())
    return seen


def test_every_link_and_every_question_is_answered(visitor):
    seen = walk(visitor)
    assert len(seen) > len(STARTS)
    wrong = {
        path: answer.status_code for path, answer in seen.items() if answer.status_code not in {200, 303}
    }
    assert wrong == {"/nothing/here": 404}


def test_every_link_into_a_page_finds_its_place_there(visitor):
    seen = walk(visitor)
    for path, answer in seen.items():
        for found in LINK.findall(answer.text):
            parts = urlsplit(urljoin(path, unescape(found)))
            target = seen.get(parts._replace(fragment="").geturl())
            if parts.fragment and target is not None and target.status_code == 200:
                assert f'id="{parts.fragment}"' in target.text, f"{found} on {path}"


def test_every_deed_that_is_offered_exists(visitor):
    actions = {action for answer in walk(visitor).values() for action in DEED.findall(answer.text)}
    assert actions
    for action in actions:
        # Without its token the form is refused, but there is something to refuse it.
        assert visitor.http.post(action, data={"any": "thing"}, headers=visitor.own()).status_code in {
            303,
            403,
        }, action


def test_what_is_not_built_yet_is_not_offered(visitor):
    text = " ".join(answer.text for answer in walk(visitor).values())
    for path in (
        "/settings/security",
        "/settings/profile",
        "/forgot",
    ):
        assert f'"{path}' not in text
