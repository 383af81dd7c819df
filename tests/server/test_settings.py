"""The settings: where they come from, and everything that is wrong with them at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from signedin.rules.lifetime import Limits
from signedin.rules.session import AppType
from signedin.server.settings import SettingsProblem, load

DOCS = Path(__file__).parents[2] / "docs"


def test_the_defaults_are_safe(tmp_path):
    settings = load({}, tmp_path / "none.toml")
    assert settings.base_url == "http://localhost:8000"
    assert settings.trusted_proxies == ()
    assert settings.registration == "invitation"
    assert settings.lifetimes.of(AppType.WEB).idle == timedelta(days=30)
    assert settings.lifetimes.of(AppType.ADMIN).overall == timedelta(days=365)


def test_the_environment_goes_before_the_file_and_a_secret_may_stand_in_a_file_of_its_own(tmp_path):
    (tmp_path / "signedin.toml").write_text('inactivity = "7d"\nbrand_name = "Harbor"\n')
    (tmp_path / "smtp").write_text("smtps://user:pass@mail.example\n")
    environment = {"SIGNEDIN_INACTIVITY": "5s", "SIGNEDIN_SMTP_URL_FILE": str(tmp_path / "smtp")}
    settings = load(environment, tmp_path / "signedin.toml")
    assert settings.inactivity == timedelta(seconds=5)
    assert settings.brand_name == "Harbor"
    assert settings.smtp_url == "smtps://user:pass@mail.example"
    assert settings.sources["inactivity"] == "environment"


@pytest.mark.guide("D7")
def test_a_profile_sets_the_limits_and_a_setting_of_its_own_goes_on_top(tmp_path):
    environment = {"SIGNEDIN_PROFILE": "admin-strict", "SIGNEDIN_INACTIVITY_SYNC": "90d"}
    lifetimes = load(environment, tmp_path / "none.toml").lifetimes
    assert lifetimes.of(AppType.ADMIN).idle == timedelta(hours=1)
    assert lifetimes.of(AppType.WEB).idle == timedelta(days=30)
    assert lifetimes.of(AppType.SYNC).idle == timedelta(days=90)


@pytest.mark.guide("D7", "R73")
@pytest.mark.parametrize("kind", AppType)
def test_both_limits_can_be_set_for_each_app_type_alone(tmp_path, kind):
    environment = {f"SIGNEDIN_INACTIVITY_{kind.name}": "2h", f"SIGNEDIN_OVERALL_{kind.name}": "3d"}
    lifetimes = load(environment, tmp_path / "none.toml").lifetimes
    assert lifetimes.of(kind) == Limits(timedelta(hours=2), timedelta(days=3))
    assert all(lifetimes.of(other) == Limits() for other in AppType if other is not kind)


def in_force(signedin, **environment):
    signedin.environment = {f"SIGNEDIN_{name}": value for name, value in environment.items()}
    rows = signedin.done("settings", "--json").value
    return {row["name"].removeprefix("SIGNEDIN_"): (row["value"], row["source"]) for row in rows}


@pytest.mark.guide("D7", "R73")
def test_the_values_in_force_are_printed_and_where_each_came_from(signedin):
    said = in_force(signedin)
    assert said["INACTIVITY"] == said["INACTIVITY_OAUTH"] == ("30d", "default")
    assert said["OVERALL"] == said["OVERALL_WEB"] == ("365d", "default")
    assert said["OVERALL_OAUTH"] == ("none", "default")
    said = in_force(signedin, PROFILE="admin-strict", INACTIVITY="90m", OVERALL_SYNC="400d")
    assert said["INACTIVITY"] == said["INACTIVITY_WEB"] == ("90m", "environment")
    assert said["INACTIVITY_ADMIN"] == ("1h", "profile admin-strict")
    assert said["OVERALL_SYNC"] == ("400d", "environment")


@pytest.mark.parametrize("options", ["options=-c%20search_path%3Dours", "sslmode=require&%6Fptions="])
def test_options_of_the_database_that_would_do_nothing_are_refused_with_where_to_put_them(tmp_path, options):
    address = f"postgresql://signedin:secret@db.example.org/signedin?{options}"
    with pytest.raises(SettingsProblem, match=r"DATABASE_URL.*leave out options=.*ALTER ROLE") as refused:
        load({"SIGNEDIN_DATABASE_URL": address}, tmp_path / "none.toml")
    assert "secret" not in str(refused.value)
    load({"SIGNEDIN_DATABASE_URL": address.replace(options, "sslmode=require")}, tmp_path / "none.toml")


@pytest.mark.security("16.2.5", "12.3.1")
@pytest.mark.parametrize(
    ("query", "told"),
    [("sslmod=require", "PostgreSQL knows no sslmod=, but sslmode="), ("zzz=1", "PostgreSQL knows no zzz="),
     ("secret@db:1=2", "one of them is unknown"), ("sslmode", "like sslmode=verify-full&sslrootcert=/path"),
     ("sslmode=require&sslmode=prefer", "say sslmode= once"), ("port=abc", "one port for all of its hosts"),
     ("host=db1,db2&port=1,2,3", "one port for all of its hosts")],
)  # fmt: skip
@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("db", "status"), ("doctor",)])
def test_a_slip_in_what_is_asked_of_the_database_is_told_before_anybody_connects(
    signedin, query, told, words
):
    signedin.environment["SIGNEDIN_DATABASE_URL"] = (
        f"postgresql://signedin:secret@db.example.org/signedin?{query}"
    )
    said = signedin(*words)
    assert said.status == 1
    assert told in said.err
    assert "secret" not in said.err


@pytest.mark.security("16.2.5")
@pytest.mark.parametrize(
    ("name", "address"),
    [("SMTP_URL", "smtp://u:{}@mail.example.org"), ("DATABASE_URL", "postgresql://u:{}@db.example.org:5432/signedin"),
     ("BUS", "redis://:{}@db.example.org:6379/0")],
)  # fmt: skip
def test_a_password_in_an_address_is_neither_printed_nor_told(signedin, tmp_path, name, address):
    secret = "tops:cr%40et"
    assert in_force(signedin, **{name: address.format(secret)})[name] == (
        address.format("***"),
        "environment",
    )
    assert secret not in signedin.done("settings").out
    assert secret not in repr(load({f"SIGNEDIN_{name}": address.format(secret)}, tmp_path / "none.toml"))


@pytest.mark.guide("D18")
def test_everything_that_is_wrong_is_told_at_once(tmp_path):
    (tmp_path / "signedin.toml").write_text('colour = "red"\n')
    environment = {
        "SIGNEDIN_BASE_URL": "http://account.example.org", "SIGNEDIN_OVERALL": "unlimited",
        "SIGNEDIN_TRUSTED_PROXIES": "proxy.example", "SIGNEDIN_DATABASE_URL": "mysql://x",
        "SIGNEDIN_PROFILE": "lax", "SIGNEDIN_REGISTRATION": "maybe",
    }  # fmt: skip
    with pytest.raises(SettingsProblem) as told:
        load(environment, tmp_path / "signedin.toml")
    assert len(told.value.problems) == 7
    assert any("plain http is only for localhost" in problem for problem in told.value.problems)


BASE_URLS = {
    "https://Account.Example.ORG": "https://account.example.org",
    "HTTPS://account.example.org:443/": "https://account.example.org",
    "https://account.example.org:8443": "https://account.example.org:8443",
    "http://LOCALHOST:80": "http://localhost",
    "http://[::1]:8000/": "http://[::1]:8000",
}


@pytest.mark.guide("D18")
@pytest.mark.parametrize("given", BASE_URLS)
def test_the_base_url_is_taken_as_browsers_write_it(tmp_path, given):
    assert load({"SIGNEDIN_BASE_URL": given}, tmp_path / "none.toml").base_url == BASE_URLS[given]


@pytest.mark.parametrize(
    "given",
    ["account.example.org", "https://", "https://a.example/path", "https://a.example?x", "https://a.example#x",
     "https://me@a.example", "https://a.example:port", "https://a.example:99999", "https://[::1"],
)  # fmt: skip
def test_a_base_url_that_is_none_is_refused(tmp_path, given):
    with pytest.raises(SettingsProblem, match="SIGNEDIN_BASE_URL"):
        load({"SIGNEDIN_BASE_URL": given}, tmp_path / "none.toml")


def problems(environment, file):
    with pytest.raises(SettingsProblem) as told:
        load(environment, file)
    return told.value.problems


@pytest.mark.security("attack-12", "attack-29")
def test_the_hosts_of_apps_are_written_like_ours_and_are_others(tmp_path):
    given = {
        "SIGNEDIN_BASE_URL": "https://account.example.org",
        "SIGNEDIN_APP_HOSTS": "https://Shop.example.net:443/",
    }
    assert load(given, tmp_path / "none.toml").app_hosts == ("https://shop.example.net",)
    for wrong in (
        "https://account.example.org:8443",
        "http://shop.example.net",
        "shop.example.net",
        "https://x/y",
    ):
        with pytest.raises(SettingsProblem, match="APP_HOSTS"):
            load(given | {"SIGNEDIN_APP_HOSTS": wrong}, tmp_path / "none.toml")


def test_what_is_no_setting_is_refused_in_the_environment_and_the_file_with_what_was_perhaps_meant(tmp_path):
    file = tmp_path / "signedin.toml"
    file.write_text('trusted_proxy = "10.0.0.0/8"\n')
    environment = {
        "SIGNEDIN_INACTIVTY": "1h",
        "SIGNEDIN_COLOUR": "red",
        "SIGNEDIN_SMTP_URI_FILE": "x",
        "PATH": "/bin",
    }
    assert problems(environment, file) == [
        "SIGNEDIN_COLOUR: there is no such setting",
        "SIGNEDIN_INACTIVTY: there is no such setting; did you mean SIGNEDIN_INACTIVITY?",
        "SIGNEDIN_SMTP_URI_FILE: there is no such setting; did you mean SIGNEDIN_SMTP_URL?",
        f"{file}: trusted_proxy: there is no such setting; did you mean trusted_proxies?",
    ]


@pytest.mark.parametrize("name", ["STEP_UP"])
def test_a_setting_whose_feature_is_not_built_yet_says_so(tmp_path, name):
    (said,) = problems({f"SIGNEDIN_{name}": "1"}, tmp_path / "none.toml")
    assert said.startswith(f"SIGNEDIN_{name}: ")
    assert "is not built yet" in said


@pytest.mark.parametrize(
    "given",
    ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://u:tops/cret@mail.example.org",
     "smtp://u:topscret@mail.example.org:port", "smtp://u:tops#cret@mail.example.org", "smtp://:topscret@mail.example.org"],
)  # fmt: skip
@pytest.mark.security("16.2.5")
def test_a_mail_server_that_is_none_is_refused_without_repeating_its_password(tmp_path, given):
    (said,) = problems({"SIGNEDIN_SMTP_URL": given}, tmp_path / "none.toml")
    assert "SIGNEDIN_SMTP_URL" in said
    assert "cret" not in said


def test_a_setting_given_twice_and_a_file_that_is_no_text_are_refused(tmp_path):
    (tmp_path / "name").write_bytes(b"\xff")
    file = str(tmp_path / "name")
    environment = {
        "SIGNEDIN_MAIL_FROM": "a@example.org",
        "SIGNEDIN_MAIL_FROM_FILE": file,
        "SIGNEDIN_BRAND_NAME_FILE": file,
    }
    assert problems(environment, tmp_path / "none.toml") == [
        "SIGNEDIN_MAIL_FROM and SIGNEDIN_MAIL_FROM_FILE are both set; leave one",
        f"SIGNEDIN_BRAND_NAME_FILE: {file} cannot be read",
    ]


def test_the_server_does_not_start_with_a_setting_that_is_none(signedin):
    signedin.environment = {"SIGNEDIN_INACTIVTY": "1h", "SIGNEDIN_OVERALL": "never"}
    said = signedin("serve")
    assert said.status == 1
    assert said.err.splitlines()[0] == "The settings cannot be used:"
    assert len(said.err.splitlines()) == 3


def test_the_page_of_settings_is_true():
    from tools.reference import errors_page, settings_page

    assert (DOCS / "settings.md").read_text() == settings_page(), "make docs"
    assert (DOCS / "errors.md").read_text() == errors_page(), "make docs"
