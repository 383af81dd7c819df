"""Apps on other hosts, as a browser comes to them: with cookies of its own for each host, and the proxy's check."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

SHOP, WIKI = "shop.other.test", "wiki.other.test:8443"
APP_HOSTS = (f"https://{SHOP}", f"https://{WIKI}")
COOKIE = "__Host-signedin-host"


class Elsewhere:
    """One browser at another host: everything goes to the real server, under the name of that host."""

    def __init__(self, browser, host=SHOP, cookie=COOKIE):
        self.browser = browser
        self.host = host
        self.cookie = cookie
        self.jar = {}

    def get(self, path, **headers):
        """A request to that host, which its proxy passes on to us."""
        answer = self.browser.http.get(path, headers=self._headers(host=self.host) | headers)
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.jar[name] = value
        return answer

    def check(self, host=None, **fields):
        """What the proxy of that host asks, with the cookies that the browser has there."""
        asked = {"app_type": "web", "host": host or self.host} | fields
        return self.browser.http.get("/v1/check", params=asked, headers=self._headers())

    def set_out(self, page="/orders?page=2&x=1"):
        """To the start, and to our own host; returns the address there, whose page is not fetched yet."""
        answer = self.get("/.signedin/start?next=" + page)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def way_back(self, address):
        """The address with the ticket, out of our page that goes on by itself."""
        page = self.browser.open(address.removeprefix(self.browser.base_url))
        assert page.status_code == 200, page.text
        found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.text)
        return html.unescape(found[1])

    def come_back(self, address):
        """Follow the ticket."""
        parts = urlsplit(address)
        assert parts.netloc == self.host
        return self.get(f"{parts.path}?{parts.query}")

    def entered(self):
        """All the way: out, and back with that host's cookie."""
        answer = self.come_back(self.way_back(self.set_out()))
        assert answer.status_code == 303, answer.text
        assert self.cookie in self.jar
        return self

    def _headers(self, **more):
        cookies = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        return {"cookie": cookies, **more}


def ticket_in(address):
    """The ticket that an address carries."""
    return parse_qs(urlsplit(address).query)["ticket"][0]
