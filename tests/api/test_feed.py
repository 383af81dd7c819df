"""The revocation feed as any client library speaks it: join, acknowledge, hear, report, leave."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta

import pytest

from client.shops import issued, service_key
from people import (
    ADA,
    ADELAIDE,
    BERLIN,
    FIREFOX_ON_WINDOWS,
    SAFARI_ON_IPHONE,
    SAN_FRANCISCO,
    Clock,
    done_apart,
    running,
)
from signedin.actions.revoke_key import revoke_any_key
from signedin.api import feed
from signedin.rules.secret import digest
from signedin.rules.session import AppType
from signedin.server.jobs import flush_now
from signedin.store import endings

pytestmark = pytest.mark.xdist_group("feed")
NODE, BOOT = "0123456789abcdef", "fedcba9876543210"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with running(tmp_path_factory.mktemp("house"), Clock()) as house:
        house.somebody(ADA)
        yield house


class Speaker:
    """A client library of few words."""

    def __init__(self, house, key=None, node=NODE):
        self.key = key or service_key(house)
        self.http = house.browser().http
        self.node, self.boot = node, BOOT
        self.head = 0

    def ack(self, **said):
        shown = {"authorization": f"Bearer {self.key}"}
        return self.http.post(
            "/v1/feed/ack", headers=shown, json={"node": self.node, "boot": self.boot} | said
        )

    def joined(self):
        answer = self.ack(join=True)
        assert answer.status_code == 200, answer.text
        self.head = answer.json()["head"]
        return self

    def renewed(self, **more):
        answer = self.ack(applied=self.head, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def check(self, browser, **headers):
        cookie = {"cookie": f"signedin={browser.secret}"}
        return self.http.get("/v1/check", headers={"signedin-key": self.key} | cookie | headers)

    def use(self, browser, **said):
        answer = self.check(browser)
        use = {"account": answer.headers["signedin-account"], "session": answer.headers["signedin-session"]}
        return use | {"seconds_ago": 0} | said


@pytest.fixture
def speaker(house):
    made = Speaker(house).joined()
    yield made
    made.ack(leave=True)


@pytest.fixture
def phone(house):
    return house.signed_in(agent=SAFARI_ON_IPHONE)


@pytest.mark.guide("R48", "D34")
def test_an_ending_is_told_and_the_revoke_returns_when_it_is_acknowledged(house, speaker, phone):
    laptop, row, done = house.signed_in(), phone.current()["id"], []
    secret = phone.secret
    speaker.renewed()

    def revoke():
        done.append(laptop.http.delete(f"/v1/sessions/{row}", headers=laptop.own()).status_code)

    with speaker.http.stream(
        "GET", f"/v1/feed?after={speaker.head}", headers={"authorization": f"Bearer {speaker.key}"}
    ) as stream:
        lines = (json.loads(line) for line in stream.iter_lines())
        assert next(lines) == {}
        revoking = threading.Thread(target=revoke)
        revoking.start()
        told = next(line for line in lines if line)
        [ending] = told["endings"]
        assert ending == {"seq": speaker.head + 1, "scope": "session", "digests": [digest(secret)[:16].hex()]}
        assert not done, "it waits for who has not acknowledged"
        speaker.head += 1
        speaker.renewed()
        revoking.join(10)
    assert done == [204]


@pytest.mark.guide("D18")
def test_every_answer_names_the_cookie_in_which_sessions_come(house, speaker):
    for said in ({"join": True}, {"applied": speaker.head}, {"leave": True}):
        assert speaker.ack(**said).json()["cookie"] == "signedin"


@pytest.mark.security("7.4.1")
def test_who_listens_by_a_key_that_is_revoked_is_cut_off_at_the_next_heartbeat(house, monkeypatch):
    monkeypatch.setattr(feed, "HEARTBEAT_EVERY", 0.05)
    key_id, key = issued(house)
    shown = {"authorization": f"Bearer {key}"}
    with house.browser().http.stream("GET", "/v1/feed?after=0", headers=shown) as stream:
        lines = stream.iter_lines()
        assert json.loads(next(lines)) == {}
        done_apart(revoke_any_key(house.means, key_id, house.clock()))
        assert all(not json.loads(line).get("digests") for line in lines), "and then it ends"


def test_after_is_a_number_of_few_digits(house, speaker):
    shown = {"authorization": f"Bearer {speaker.key}"}
    for after in ("0" * 20 + "9" * 5000, "9" * 19, "-1", "1e3", "\u0663"):
        answer = speaker.http.get("/v1/feed", params={"after": after}, headers=shown)
        assert (answer.status_code, answer.json()["field"]) == (422, "after")


@pytest.mark.guide("R48", "D34")
def test_who_is_silent_is_waited_for_until_its_lease_has_run_out_and_no_longer_and_then_forgotten(
    house, speaker, phone
):
    laptop, row = house.signed_in(), phone.current()["id"]
    speaker.renewed()
    began = time.monotonic()
    assert laptop.http.delete(f"/v1/sessions/{row}", headers=laptop.own()).status_code == 204
    assert time.monotonic() - began > 2.8, "its lease may still have run"
    assert speaker.ack(applied=speaker.head).status_code == 410
    began = time.monotonic()
    assert laptop.log_out().status_code == 303
    assert time.monotonic() - began < 2.5, "nobody waits for it any more"


@pytest.mark.guide("D34")
def test_what_was_missed_comes_with_the_next_acknowledgement_before_the_lease_counts(house, speaker, phone):
    speaker.renewed()
    asked = threading.Thread(target=phone.log_out)
    asked.start()
    while not (said := speaker.renewed())["endings"]:
        pass
    assert [each["seq"] for each in said["endings"]] == [speaker.head + 1]
    assert (said["head"], said["complete"], said["answer_for_seconds"]) == (speaker.head + 1, True, 2.85)
    speaker.head += 1
    assert speaker.renewed()["endings"] == []
    asked.join(10)


@pytest.mark.guide("D34")
def test_nobody_acknowledges_or_leaves_for_a_node_that_came_with_another_key(house, speaker):
    other = Speaker(house)
    answer = other.ack(applied=speaker.head)
    assert (answer.status_code, answer.json()["code"]) == (410, "join_again")
    assert other.ack(leave=True).status_code == 200
    assert speaker.renewed()["complete"], "it is still known"


@pytest.mark.guide("D34")
def test_who_claims_to_know_more_than_there_is_or_was_forgotten_starts_anew(house, speaker):
    assert speaker.ack(applied=speaker.head + 1).status_code == 410
    assert Speaker(house, node="another0another0").ack(applied=0).status_code == 410
    speaker.boot = "another0another0"
    assert speaker.ack(applied=speaker.head).status_code == 410


@pytest.mark.guide("D12")
@pytest.mark.security("attack-19")
def test_the_feed_opens_to_a_service_key_with_the_scope_alone(house, phone):
    without = {"authorization": f"Bearer {service_key(house, 'accounts:read')}"}
    for http, shown, status in (
        (phone.http, phone.own(), 403),
        (house.browser().http, without, 403),
        (house.browser().http, {}, 401),
    ):
        said = {"node": NODE, "boot": BOOT, "join": True}
        assert http.post("/v1/feed/ack", json=said, headers=shown).status_code == status
        assert http.get("/v1/feed?after=0", headers=shown).status_code == status


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"node": "short"}, "node"),
        ({"boot": "not:a:name:of:it"}, "boot"),
        ({"applied": -1}, "applied"),
        ({"applied": True}, "applied"),
        ({"join": 1}, "join"),
        ({"applied": 0, "uses": {}}, "uses"),
        ({"applied": 0, "uses": [{"account": "1", "session": "s", "seconds_ago": 3601}]}, "seconds_ago"),
        ({"applied": 0, "uses": [{"account": "1", "session": "s", "seconds_ago": -1}]}, "seconds_ago"),
        ({"applied": 0, "uses": [{"account": 1, "session": "s", "seconds_ago": 0}]}, "account"),
        ({"applied": 0, "surprise": 1}, "surprise"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_acknowledgement_is_refused_by_the_name_of_the_field(house, speaker, said, field):
    answer = speaker.ack(**said)
    assert answer.status_code == 422
    assert answer.json()["field"] == field


def test_what_is_no_json_is_refused(speaker):
    shown = {"authorization": f"Bearer {speaker.key}", "content-type": "application/json"}
    for body in (b"", b"[]", b"{", b"[" * 100_000, b'{"node": "\xff"}'):
        assert speaker.http.post("/v1/feed/ack", headers=shown, content=body).status_code == 422


@pytest.mark.guide("D34")
def test_a_check_by_a_service_tells_up_to_which_ending_it_is_true_and_for_how_long(house, speaker, phone):
    answer = speaker.check(phone)
    assert answer.status_code == 200
    assert int(answer.headers["signedin-seq"]) == house.means.database.read_now(endings.head)
    assert int(answer.headers["signedin-good-for"]) == 30 * 86_400 - 120
    assert int(answer.headers["signedin-epoch"]) > 0
    assert "signedin-seq" not in phone.http.get("/v1/check").headers, "nobody else is told"


@pytest.mark.guide("D12")
@pytest.mark.security("attack-19")
def test_a_service_key_that_may_not_check_is_refused_and_never_taken_for_a_person_who_is_not_signed_in(
    house, phone
):
    key_id, revoked = issued(house)
    done_apart(revoke_any_key(house.means, key_id, house.clock(), "test"))
    mobile = service_key(house, app_types=(AppType.MOBILE,))
    for key in (mobile, revoked, "sgn_svc_none", service_key(house, "accounts:read")):
        answer = Speaker(house, key).check(phone)
        assert (answer.status_code, answer.json()["code"]) == (403, "service_key_refused")
        assert not [name for name in answer.headers if name.startswith("signedin-")]


@pytest.mark.guide("R15", "D16")
def test_a_reported_use_shows_in_the_list_with_the_persons_address_and_device(house, speaker, phone):
    laptop, use, row = house.signed_in(), speaker.use(phone), phone.current()["id"]
    house.clock.move(minutes=5)
    told = use | {"address": BERLIN, "agent": FIREFOX_ON_WINDOWS, "seconds_ago": 60}
    assert speaker.renewed(uses=[told])["uses_noted"] == 1
    house.clock.move(minutes=1)
    done_apart(flush_now(house.server))
    [shown] = [each for each in laptop.sessions() if each["id"] == row]
    assert shown["location"].startswith("Berlin")
    assert (shown["device"], shown["last_device"]) == ("Safari on iOS", "Firefox on Windows")


@pytest.mark.guide("D16")
@pytest.mark.security("3.2.2")
def test_a_use_without_an_agent_or_with_one_that_cannot_be_read_is_noted_and_leaves_the_device_that_was_known(
    house, speaker, phone
):
    laptop, use, row = house.signed_in(), speaker.use(phone), phone.current()["id"]
    hostile = (
        "Mozilla\x00 Firefox/149.0",
        "\x1b[2J Firefox/149.0",
        "Firefox/149.0 \u202e",
        "\n",
        "x" * 100_000,
    )
    for said in ({}, *({"agent": each} for each in hostile)):
        house.clock.move(minutes=5)
        assert speaker.renewed(uses=[use | said])["uses_noted"] == 1
        done_apart(flush_now(house.server))
        [shown] = [each for each in laptop.sessions() if each["id"] == row]
        assert shown["last_activity_at"].startswith(house.clock().strftime("%Y-%m-%dT%H:%M"))
        assert (shown["device"], shown["last_device"]) == ("Safari on iOS", "Safari on iOS")


@pytest.mark.guide("D16", "D12")
def test_the_agent_of_a_check_with_a_service_key_is_the_persons(house, phone):
    speaker, laptop = Speaker(house), house.signed_in()
    row = phone.current()["id"]
    house.clock.move(minutes=5)
    assert speaker.check(phone, **{"user-agent": FIREFOX_ON_WINDOWS}).status_code == 200
    quiet = {"user-agent": "curl/8.5.0", "signedin-quiet": "1"}
    assert speaker.check(phone, **quiet).status_code == 200
    done_apart(flush_now(house.server))
    [shown] = [each for each in laptop.sessions() if each["id"] == row]
    assert shown["last_device"] == "Firefox on Windows"


@pytest.mark.guide("R15", "D12")
def test_a_service_reports_nothing_of_sessions_it_may_not_check_of_ended_ones_or_of_nobodys(
    house, speaker, phone
):
    use = speaker.use(phone)
    other = Speaker(house, service_key(house, app_types=(AppType.MOBILE,)), node="mobile0mobile0").joined()
    assert other.renewed(uses=[use])["uses_noted"] == 0
    other.ack(leave=True)
    assert speaker.renewed(uses=[use | {"session": "nobody"}, use | {"account": "7"}])["uses_noted"] == 0
    speaker.ack(leave=True)
    house.clock.move(days=31)
    late = [use | {"seconds_ago": 0}, use | {"seconds_ago": 3600}]
    assert speaker.joined().renewed(uses=late)["uses_noted"] == 0, "it had expired by then"
    assert speaker.check(phone).headers["www-authenticate"].endswith('"expired_idle"')
    house.clock.move(days=-31)


@pytest.mark.guide("D16")
def test_the_address_that_a_service_names_is_believed_and_one_that_anybody_else_names_is_not(house, phone):
    secret = {"cookie": f"signedin={phone.secret}", "signedin-address": ADELAIDE}
    house.clock.move(minutes=2)
    for key, where in ({}, "San Francisco"), ({"signedin-key": service_key(house)}, "Adelaide"):
        assert (
            house.browser(address=SAN_FRANCISCO).http.get("/v1/check", headers=secret | key).status_code
            == 200
        )
        house.clock.move(minutes=2)
        done_apart(flush_now(house.server))
        assert phone.current()["location"].startswith(where)
        house.clock.move(minutes=2)


@pytest.mark.guide("D15")
def test_a_quiet_check_is_nobodys_activity_and_lasts_as_long_as_the_latest_use(house, phone):
    speaker = Speaker(house)
    speaker.check(phone)
    secret = {"cookie": f"signedin={phone.secret}", "signedin-key": speaker.key}
    house.clock.move(days=10)
    quiet = house.browser().http.get("/v1/check", headers=secret | {"signedin-quiet": "1"})
    assert quiet.status_code == 200
    left = int(quiet.headers["signedin-good-for"])
    assert timedelta(seconds=left) <= timedelta(days=20)
    house.clock.move(days=-10)
