"""The settings: where they come from, and everything that is wrong with them at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

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


def test_the_page_of_settings_is_true():
    from tools.reference import errors_page, settings_page

    assert (DOCS / "settings.md").read_text() == settings_page(), "make docs"
    assert (DOCS / "errors.md").read_text() == errors_page(), "make docs"
