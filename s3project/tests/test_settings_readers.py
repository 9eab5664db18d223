"""How settings are read: from the environment, typed, and never guessed in production."""

from ipaddress import ip_network

import pytest
from django.core.exceptions import ImproperlyConfigured

from s3project.database import database_settings
from s3project.environment import Environment


def test_the_environment_comes_before_the_running_stack_and_that_before_the_default() -> None:
    env = Environment(fallback={"A": "stack", "B": "stack"}, variables={"A": "own", "B": ""})

    assert (env.text("A", "default"), env.text("B", "default")) == ("own", "stack")
    assert env.text("C", "default") == "default"


def test_an_integer_is_an_integer_or_an_error_with_the_name() -> None:
    env = Environment(variables={"N": "12", "BAD": "1.5"})

    assert (env.integer("N", 1), env.integer("UNSET", 1)) == (12, 1)
    with pytest.raises(ImproperlyConfigured, match="BAD"):
        env.integer("BAD", 1)


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("No", False)]
)
def test_a_flag_is_a_yes_or_a_no(text: str, value: bool) -> None:
    assert Environment(variables={"F": text}).flag("F", not value) is value


def test_a_flag_that_is_neither_is_an_error() -> None:
    with pytest.raises(ImproperlyConfigured, match="F must be"):
        Environment(variables={"F": "maybe"}).flag("F", False)


def test_a_choice_is_one_of_the_words_and_a_slip_is_an_error_not_the_default() -> None:
    words = ["development", "production"]

    assert Environment(variables={}).choice("E", words) == "development"
    assert Environment(variables={"E": "production"}).choice("E", words) == "production"
    with pytest.raises(ImproperlyConfigured, match="E must be one of development, production"):
        Environment(variables={"E": "prod"}).choice("E", words)


def test_words_are_split_at_commas() -> None:
    env = Environment(variables={"W": " a, b ,,c "})

    assert env.words("W", []) == ["a", "b", "c"]
    assert env.words("UNSET", ["x"]) == ["x"]


def test_a_required_secret_stops_the_start() -> None:
    env = Environment(variables={"EMPTY": ""})

    assert env.secret("EMPTY", required=False) == ""
    with pytest.raises(ImproperlyConfigured, match="EMPTY must be set in production"):
        env.secret("EMPTY", required=True)


def test_a_database_url_is_taken_apart_and_unquoted() -> None:
    settings = database_settings("postgresql://u%40x:p%2Fw@db.example:5433/na%20me?sslmode=require")

    parts = [settings[part] for part in ("USER", "PASSWORD", "HOST", "PORT", "NAME")]
    assert parts == ["u@x", "p/w", "db.example", "5433", "na me"]
    assert settings["OPTIONS"]["sslmode"] == "require"
    assert "lock_timeout=3000" in settings["OPTIONS"]["options"]


def test_values_travel_beside_statements_that_psycopg_does_not_prepare() -> None:
    options = database_settings("postgresql://h/s3")["OPTIONS"]

    assert options["prepare_threshold"] is None
    assert options["server_side_binding"] is True


def test_a_socket_folder_may_be_the_host() -> None:
    assert database_settings("postgresql:///s3?host=/run/postgresql")["HOST"] == "/run/postgresql"


def test_without_a_url_there_is_no_database_to_use_by_accident() -> None:
    assert database_settings("") == {"ENGINE": "django.db.backends.dummy"}


def test_another_scheme_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="postgresql://"):
        database_settings("mysql://localhost/s3")


def test_networks_are_read_and_an_address_with_bits_beyond_its_network_is_a_slip() -> None:
    env = Environment(variables={"N": "10.1.0.0/16, fd00::/8", "BAD": "10.1.2.3/16"})

    assert env.networks("N") == [ip_network("10.1.0.0/16"), ip_network("fd00::/8")]
    assert env.networks("UNSET") == []
    with pytest.raises(ImproperlyConfigured, match="BAD must be networks"):
        env.networks("BAD")
