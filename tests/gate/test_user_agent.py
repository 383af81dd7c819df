"""What is read of a user agent and its client hints."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate import user_agents as corpus
from signedin.gate.user_agent import ACCEPT_CH, HINT_HEADERS, RULESET, read_device, ruleset
from signedin.rules.device import Device, DeviceKind


@pytest.mark.guide("R6", "D30")
@pytest.mark.parametrize(("user_agent", "name", "kind", "software"), corpus.USER_AGENTS)
def test_r6_a_device_is_called_what_people_call_it(user_agent, name, kind, software):
    assert read_device(user_agent) == Device(name, DeviceKind(kind), software)


@pytest.mark.guide("D30")
@pytest.mark.parametrize(("user_agent", "hints", "name", "kind", "software"), corpus.HINTED)
def test_d30_client_hints_make_the_reading_more_exact(user_agent, hints, name, kind, software):
    assert read_device(user_agent, hints) == Device(name, DeviceKind(kind), software)


@pytest.mark.guide("R22")
def test_r22_a_sync_app_is_named_by_its_registration_and_the_system_it_reports():
    device = read_device("TidesyncX/4.2 (Windows 11; x64)", app_name="Example Sync", kind=DeviceKind.SYNC)
    assert device == Device("Example Sync on Windows", DeviceKind.SYNC, "Example Sync 4.2 on Windows 11")


@pytest.mark.guide("R23")
def test_r23_a_mobile_app_is_named_by_its_registration_and_the_model_it_reports():
    device = read_device("whatever/7.1 (iPhone15,4; iOS 26)", app_name="Example Mobile")
    assert device == Device("Example Mobile on iPhone 15", DeviceKind.PHONE, "Example Mobile 7.1 on iOS 26")


def test_an_app_that_shows_a_library_or_a_browser_is_not_given_their_version():
    assert read_device("okhttp/4.12.0", app_name="Example Mobile").software == ""
    assert read_device("okhttp/4.12.0", app_name="Example Mobile").name == "Example Mobile"
    through_a_browser = read_device(
        f"{corpus.WINDOWS} Chrome/152.0.0.0 Safari/537.36", app_name="Example Sync"
    )
    assert (through_a_browser.name, through_a_browser.software) == ("Example Sync on Windows", "")


def test_an_app_that_says_only_its_name_keeps_its_version():
    device = read_device("ExampleSync/4.2", app_name="Example Sync", kind=DeviceKind.SYNC)
    assert device == Device("Example Sync", DeviceKind.SYNC, "Example Sync 4.2")


@pytest.mark.parametrize(
    "user_agent",
    ["\u202eSync/1.0 (iOS 26)", "Sy\x00nc/1.0 (iOS 26)", "Sync/1.0\r\n (iOS 26)", "\ud800Sync/1.0 (iOS 26)"],
)
def test_control_and_bidi_characters_never_reach_a_name(user_agent):
    device = read_device(user_agent)
    assert (device.name, device.software) == ("Sync on iOS", "Sync 1.0 on iOS 26")
    assert read_device("", app_name="Ex\u202eample\x1b[0m").name == "Example[0m"


@given(
    user_agent=st.one_of(
        st.text(max_size=300),
        st.text(alphabet="Mozila/5.0 (;)_Windows Version/26iPhone OS Chrome Electron", max_size=300),
        st.text(alphabet=st.characters(max_codepoint=255), max_size=2000),
    ),
    hints=st.dictionaries(st.sampled_from([*HINT_HEADERS, "Sec-CH-UA", "x"]), st.text(max_size=300)),
    app_name=st.none() | st.text(max_size=100),
)
def test_no_text_makes_the_reading_fail_or_the_name_long(user_agent, hints, app_name):
    device = read_device(user_agent, hints, app_name)
    assert device.name
    assert device.name.isprintable()
    assert device.software.isprintable()
    assert max(len(device.name), len(device.software) / 3) <= 90


HOSTILE = [
    "A" * 4000,
    "Mozilla/5.0 (" * 300,
    "Mozilla/5.0 " + "(" * 4000,
    "/" * 4000,
    "a/1 " * 1000,
    "Mozilla/5.0 (iPhone; CPU iPhone OS " + "1_" * 2000,
    "Mozilla/5.0 (Linux; Android " + "1." * 2000,
    "App/1 (" + "iPhone " * 500 + ")",
    "App/1 (" + ";" * 4000 + ")",
    "x Electron/" + "A-" * 2000,
    " " * 4000,
    "\u202e" * 4000,
    "Version/" + "9" * 4000,
    "Mozilla/5.0 (Windows NT 10.0; " + "Win64; " * 600 + ") Chrome/" + "1" * 900,
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_worst_strings_are_read_in_milliseconds(hostile):
    read_device("warm/1.0")
    hints = dict.fromkeys(HINT_HEADERS, hostile) | {"sec-ch-ua": '"' * 2000 + '";v="' * 400}
    times = []
    for number in range(3):
        before = time.perf_counter()
        read_device(f"{hostile[:1000]}{number}", hints)
        read_device(hostile, hints, f"App {number}")
        times.append(time.perf_counter() - before)
    assert min(times) < 0.02


def test_only_the_first_1024_characters_are_looked_at():
    beginning = "ExampleSync/3.2.1 (Windows 11; " + "x" * 2000
    assert read_device(beginning) == read_device(beginning[:1024])
    late = " " * 1024 + "curl/8.5.0"
    assert read_device(late).name == "Unknown device"


def test_the_sign_in_page_asks_only_for_hints_that_are_read():
    asked = {name.strip().lower() for name in ACCEPT_CH.split(",")}
    assert asked <= set(HINT_HEADERS)


def test_kept_labels_say_by_which_rules_they_were_made():
    own, _, data = ruleset().partition("/")
    assert own == RULESET
    assert data


def test_the_names_of_headers_may_come_in_any_letter_case():
    agent = f"{corpus.WINDOWS} Chrome/152.0.0.0 Safari/537.36"
    hints = corpus.hints("Brave", 152, "Windows", "15.0.0")
    lower = {name.lower(): value for name, value in hints.items()}
    assert read_device(agent, hints) == read_device(agent, lower)
