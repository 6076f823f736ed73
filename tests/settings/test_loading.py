"""A load: precedence, origins, types, defaults, and every problem in one result."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.errors import ConfigurationError, Problem
from dj_core_utils.settings.jwt import JWTSettings
from dj_core_utils.settings.loading import load
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from dj_core_utils.settings.rendering import RenderContext
    from tests.settings.conftest import LoadFrom


class BillingSettings(Section):
    """A section of a project."""

    prefix: ClassVar[str] = "BILLING_"

    api_url: str = "https://billing.example"
    token: SecretStr | None = None
    retries: int = Field(default=3, ge=0, le=10, description="How often to try again.")


class UsersSettings(CoreSettings):
    """Settings of a project."""

    service_name: str = "users"
    page_size: int = Field(default=50, ge=1, le=500, description="Rows on a page.")
    greeting: str = "hello"
    nickname: str | None = None
    features: list[str] = []
    grace: timedelta = timedelta(minutes=5)
    colour: Literal["red", "green"] = "red"
    MAX_UPLOADS: int = 7
    billing: BillingSettings = BillingSettings(retries=5)


def value(load_from: LoadFrom, name: str, text: str) -> object:
    """What a field of ``UsersSettings`` becomes from one variable."""
    loaded = load_from(UsersSettings, {name.upper(): text})
    assert loaded.errors == ()
    return getattr(loaded.settings, name)


def test_every_source_beats_the_one_below_it(load_from: LoadFrom, tmp_path: Path) -> None:
    """Environment, then secret file, then .env, then profile, then class; all are remembered in that order."""
    files = {"profiles/mine.toml": "[settings]\npage_size = 40\n", "page_size": "20\n"}
    loaded = load_from(
        UsersSettings,
        {"PAGE_SIZE": "10", "DJANGO_SECRETS_DIR": "secrets"},
        dotenv="\n\nPAGE_SIZE=30\n",
        files={**files, "secrets/PAGE_SIZE": "20\n"},
        profiles=["development", "mine"],
    )
    trace = loaded.traces["PAGE_SIZE"]
    assert [str(candidate.origin) for candidate in trace.candidates] == [
        "environment",
        str(tmp_path / "secrets" / "PAGE_SIZE"),
        ".env:3",
        "profile mine",
        "UsersSettings",
    ]
    assert loaded.settings is not None
    assert loaded.settings.page_size == 10  # type: ignore[attr-defined]  # a UsersSettings


def test_a_list_in_the_environment_replaces_the_one_below(load_from: LoadFrom) -> None:
    """Lists and mappings of two layers are never mixed."""
    files = {"profiles/mine.toml": '[settings]\nfeatures = ["a", "b"]\n'}
    loaded = load_from(UsersSettings, {"FEATURES": "c"}, files=files, profiles=["development", "mine"])
    assert loaded.settings is not None
    assert loaded.settings.features == ["c"]  # type: ignore[attr-defined]  # a UsersSettings


def test_a_default_in_a_class_body_is_kept_leaf_by_leaf(load_from: LoadFrom) -> None:
    """A section given as an instance keeps its leaves when a source sets another leaf of it."""
    loaded = load_from(UsersSettings, {"BILLING_API_URL": "https://b.example"})
    assert loaded.settings is not None
    billing = loaded.settings.billing  # type: ignore[attr-defined]  # a UsersSettings
    assert (billing.api_url, billing.retries) == ("https://b.example", 5)
    assert str(loaded.traces["BILLING_RETRIES"].origin) == "UsersSettings"
    assert str(loaded.traces["BILLING_TOKEN"].origin) == "BillingSettings"


def test_a_section_of_ours_can_be_given_as_an_instance(load_from: LoadFrom) -> None:
    """What the instance sets is a default of the project, and sources still win over it."""

    class Own(CoreSettings):
        jwt: JWTSettings = JWTSettings(access_token_lifetime=timedelta(minutes=7))

    loaded = load_from(Own)
    assert loaded.settings is not None
    assert loaded.settings.jwt.access_token_lifetime == timedelta(minutes=7)
    assert str(loaded.traces["JWT_ACCESS_TOKEN_LIFETIME"].origin) == "Own"
    loaded = load_from(Own, {"JWT_ACCESS_TOKEN_LIFETIME": "8m"})
    assert loaded.settings is not None
    assert loaded.settings.jwt.access_token_lifetime == timedelta(minutes=8)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("page_size", "12", 12),
        ("page_size", " 12 ", 12),
        ("greeting", "  two spaces  ", "  two spaces  "),
        ("greeting", "", ""),
        ("nickname", "", ""),
        ("features", "a, b ,c", ["a", "b", "c"]),
        ("features", '["a,b"]', ["a,b"]),
        ("features", "", []),
        ("grace", "90", timedelta(seconds=90)),
        ("grace", "15m", timedelta(minutes=15)),
        ("grace", "PT1H", timedelta(hours=1)),
        ("colour", "green", "green"),
    ],
)
def test_plain_annotations_of_a_project_obey_the_parsing_rules(
    load_from: LoadFrom, name: str, text: str, expected: object
) -> None:
    """A project's own fields need no special types."""
    assert value(load_from, name, text) == expected


def test_an_empty_variable_lets_lower_layers_show_through(load_from: LoadFrom) -> None:
    """Empty means not set for everything but text."""
    loaded = load_from(UsersSettings, {"PAGE_SIZE": "", "GREETING": ""}, dotenv="PAGE_SIZE=30\nGREETING=hi\n")
    assert loaded.settings is not None
    assert loaded.settings.page_size == 30  # type: ignore[attr-defined]  # a UsersSettings
    assert loaded.settings.greeting == ""  # type: ignore[attr-defined]  # the same


def test_own_fields_are_exported_under_their_variables(load_from: LoadFrom) -> None:
    """Lower-case and upper-case fields and own sections become Django settings."""
    rendered = load_from(UsersSettings, {"BILLING_TOKEN": "tok-123456"}).rendered
    assert rendered["PAGE_SIZE"] == 50
    assert rendered["MAX_UPLOADS"] == 7
    assert rendered["BILLING_RETRIES"] == 5
    assert rendered["BILLING_TOKEN"] == "tok-123456"
    assert repr(rendered["BILLING_TOKEN"]) == "'***'"


@pytest.mark.parametrize(
    ("environ", "problem_id", "words"),
    [
        ({"PAGE_SIZE": "many"}, "value.integer", '"many"'),
        ({"PAGE_SIZE": "0"}, "value.range", '"0" should be greater than or equal to 1.'),
        ({"COLOUR": "blue"}, "value.choice", "'red' or 'green'"),
        ({"DEBUG": "Flase"}, "value.boolean", '"Flase" is not a boolean; use true or false.'),
        ({"GRACE": "soon"}, "value.duration", "soon"),
        ({"BILLING_RETRIES": "11"}, "value.range", "less than or equal to 10"),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_variable_and_origin(
    load_from: LoadFrom, environ: dict[str, str], problem_id: str, words: str
) -> None:
    """The problem names what the user typed, where, and what was expected."""
    (problem,) = load_from(UsersSettings, environ).errors
    assert problem.id == problem_id
    assert words in problem.message
    assert problem.variable == next(iter(environ))
    assert problem.origin == "environment"


def test_all_problems_are_reported_together(load_from: LoadFrom) -> None:
    """Grammar, decoding, types, rules, requirements and unknown names come in one result, in that order."""
    files = {"profiles/strict.toml": 'require = ["LANGUAGE_CODE"]\n[settings]\nnonsense = 1\n'}
    loaded = load_from(
        UsersSettings,
        {"DEBUG": "Flase", "PAGE_SIZE": "0", "ALLOWED_HOTS": "x"},
        dotenv="this is no assignment\nTIME_ZNE=UTC\n",
        files=files,
        profiles=["development", "strict"],
    )
    ids = [problem.id for problem in loaded.problems]
    expected = [
        "dotenv.syntax",
        "profile.key",
        "value.boolean",
        "value.range",
        "variable.required",
        "variable.unknown",
        "variable.unknown",
    ]
    assert [found for found in ids if found in expected] == expected


def test_a_rule_that_touches_a_failed_leaf_is_skipped(load_from: LoadFrom) -> None:
    """Other rules still run; the skipped one is neither reported nor passed."""
    ran = []

    class Own(UsersSettings):
        @rule("own.first")
        def first(self, context: RuleContext) -> Iterator[Problem]:
            if self.page_size and self.greeting:
                ran.append("first")
            yield context.problem("GREETING", "first ran")

        @rule("own.second")
        def second(self, context: RuleContext) -> Iterator[Problem]:
            ran.append("second")
            yield context.problem("GREETING", "second ran")

    loaded = load_from(Own, {"PAGE_SIZE": "x"})
    assert ran == ["second"]
    assert [problem.id for problem in loaded.errors] == ["value.integer", "own.second"]


def test_a_rule_cannot_read_a_failed_leaf_through_a_property(load_from: LoadFrom) -> None:
    """Properties and methods of a section see the same guard as the rule itself."""

    class Own(UsersSettings):
        @property
        def double(self) -> int:
            return self.page_size * 2

        def triple(self) -> int:
            return self.page_size * 3

        @rule("own.property")
        def by_property(self, context: RuleContext) -> Iterator[Problem]:
            yield context.problem("PAGE_SIZE", str(self.double))

        @rule("own.method")
        def by_method(self, context: RuleContext) -> Iterator[Problem]:
            yield context.problem("PAGE_SIZE", str(self.triple()))

    assert [problem.id for problem in load_from(Own, {"PAGE_SIZE": "x"}).errors] == ["value.integer"]
    assert [problem.message for problem in load_from(Own, {"PAGE_SIZE": "2"}).errors] == ["6", "4"] or [
        problem.message for problem in load_from(Own, {"PAGE_SIZE": "2"}).errors
    ] == ["4", "6"]


def test_validators_of_the_project_run(load_from: LoadFrom) -> None:
    """Field and model validators that a project declares on its class are honoured."""

    class Own(UsersSettings):
        @field_validator("greeting")
        @classmethod
        def polite(cls, text: str) -> str:
            if "!" in text:
                msg = "no shouting"
                raise ValueError(msg)
            return text.title()

        @model_validator(mode="after")
        def consistent(self) -> Own:
            if self.greeting == "Bye" and self.page_size == 1:
                msg = "a page of one for a farewell"
                raise ValueError(msg)
            return self

    loaded = load_from(Own, {"GREETING": "good day"})
    assert loaded.settings is not None
    assert loaded.settings.greeting == "Good Day"  # type: ignore[attr-defined]  # an Own
    (problem,) = load_from(Own, {"GREETING": "hey!"}).errors
    assert (problem.variable, problem.origin, problem.message) == ("GREETING", "environment", '"hey!": no shouting.')
    (problem,) = load_from(Own, {"GREETING": "bye", "PAGE_SIZE": "1"}).errors
    assert (problem.id, problem.variable) == ("class.validator", "Own")
    assert problem.message == "a page of one for a farewell"


def test_a_bad_default_of_a_project_is_found(load_from: LoadFrom) -> None:
    """Defaults are validated like any other value."""

    class Own(CoreSettings):
        page_size: int = Field(default=0, ge=1)
        names: list[int] = ["x"]  # type: ignore[list-item]  # the mistake under test

    found = {problem.variable: problem for problem in load_from(Own).errors}
    assert found["PAGE_SIZE"].origin == "Own"
    assert "greater than or equal to 1" in found["PAGE_SIZE"].message
    assert found["NAMES"].origin == "Own"


@pytest.mark.parametrize("name", ["copy", "json", "schema", "validate"])
@pytest.mark.filterwarnings("ignore:Field name:UserWarning")
def test_a_field_that_hides_an_attribute_of_the_model_is_refused(load_from: LoadFrom, name: str) -> None:
    """Pydantic only warns; the settings object would be broken."""
    Own = type("Own", (CoreSettings,), {"__annotations__": {name: str}, name: "x", "__module__": __name__})  # noqa: N806  # a class
    (problem,) = load_from(Own).errors
    assert problem.id == "class.field"
    assert name in problem.message


def test_two_fields_with_one_variable_are_refused(load_from: LoadFrom) -> None:
    """Each variable belongs to one leaf."""

    class Own(CoreSettings):
        other: str = variable("", name="TIME_ZONE", description="A second reader.")

    (problem,) = load_from(Own).errors
    assert problem.message == "other and time_zone would both be read from TIME_ZONE."


def test_the_service_name_makes_variable_names(load_from: LoadFrom) -> None:
    """``<SERVICE>_SECRET_KEY`` follows the class, the profile or the variable, highest first."""
    assert "USERS_SECRET_KEY" in load_from(UsersSettings).traces
    assert "ORDER_DESK_SECRET_KEY" in load_from(UsersSettings, {"SERVICE_NAME": "order-desk"}).traces
    files = {"profiles/mine.toml": '[settings]\nservice_name = "mine"\n'}
    assert "MINE_SECRET_KEY" in load_from(UsersSettings, files=files, profiles=["development", "mine"]).traces


def test_the_settings_are_frozen(load_from: LoadFrom) -> None:
    """Nobody changes settings after the start."""
    settings = load_from(UsersSettings).settings
    assert settings is not None
    with pytest.raises(ValueError, match="frozen"):
        settings.debug = True  # type: ignore[misc]  # the mistake under test


def test_a_source_of_the_project_is_one_more_layer(load_from: LoadFrom) -> None:
    """A secret store added through Pydantic's own hook stands between .env and the profiles."""

    class Vault(PydanticBaseSettingsSource):
        def get_field_value(self, field: object, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002  # Pydantic's
            return None, field_name, False

        def __call__(self) -> dict[str, Any]:
            return {"page_size": 33, "billing": {"token": "from-the-vault"}, "pge_size": 1}

    class Own(UsersSettings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (init_settings, env_settings, Vault(settings_cls), dotenv_settings, file_secret_settings)

    loaded = load_from(Own, dotenv="PAGE_SIZE=44\n")
    trace = loaded.traces["PAGE_SIZE"]
    assert [str(candidate.origin) for candidate in trace.candidates] == [".env:1", "Vault", "UsersSettings"]
    assert str(loaded.traces["BILLING_TOKEN"].origin) == "Vault"
    (problem,) = loaded.errors
    assert (problem.id, problem.message) == ("source.key", "no such setting. Did you mean page_size?")


def test_the_class_can_be_instantiated_directly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``UsersSettings()`` reads the same layers, and arguments win."""
    monkeypatch.chdir(tmp_path)
    os.environ.update({"DJANGO_PROFILE": "development", "PAGE_SIZE": "12"})
    settings = UsersSettings(greeting="hi")
    assert (settings.page_size, settings.greeting, settings.debug) == (12, "hi", True)
    os.environ["PAGE_SIZE"] = "x"
    with pytest.raises(ConfigurationError, match="PAGE_SIZE"):
        UsersSettings()


def test_the_environment_is_never_changed(tmp_path: Path) -> None:
    """Loading reads ``os.environ`` and leaves it as it was."""
    (tmp_path / ".env").write_text("PAGE_SIZE=3\nTIME_ZONE=UTC\n")
    before = dict(os.environ)
    load(UsersSettings, environ=os.environ, project_dir=tmp_path, profiles=["development"])
    assert dict(os.environ) == before


def test_something_unforeseen_is_a_problem_without_its_text(load_from: LoadFrom) -> None:
    """What breaks the load itself does not end in a traceback, and its text is not shown."""

    class Own(UsersSettings):
        def model_post_init(self, context: object) -> None:
            int(f"canary-4711 {context}")

    loaded = load_from(Own)
    (problem,) = loaded.errors
    assert problem.id == "internal"
    assert "ValueError" in problem.message
    assert "test_loading.py" in problem.origin
    assert "canary" not in str(problem)
    assert loaded.settings is None


@pytest.mark.parametrize("name", ["---", "1shop", "a" * 64, "x=" * 50_000, "\x1b[2J", "tienda española"])
def test_a_service_name_that_cannot_be_used_makes_no_names(load_from: LoadFrom, name: str) -> None:
    """One problem says so, and not each variable that would have been named after it."""
    loaded = load_from(environ={"SERVICE_NAME": name})
    (problem,) = loaded.errors
    assert (problem.id, problem.variable, problem.origin) == ("core.service_name", "SERVICE_NAME", "environment")
    assert loaded.table is not None
    assert "APP_SECRET_KEY" in loaded.table


def test_a_nested_model_is_one_leaf_of_json(load_from: LoadFrom) -> None:
    """A plain Pydantic model is read as JSON from one variable."""

    class Point(BaseModel):
        x: int = 0

    class Own(CoreSettings):
        point: Point = Point()

    loaded = load_from(Own, {"POINT": '{"x": 3}'})
    assert loaded.settings is not None
    assert loaded.settings.point == Point(x=3)  # type: ignore[attr-defined]  # an Own
    assert loaded.rendered["POINT"] == {"x": 3}


def test_a_project_can_add_to_what_a_section_renders(load_from: LoadFrom) -> None:
    """``render`` of the settings class sees what the sections made, and has the last word."""

    class Own(CoreSettings):
        def render(self, context: RenderContext) -> Mapping[str, object]:
            made = context.rendered["REST_FRAMEWORK"]
            assert isinstance(made, dict)
            return {**super().render(context), "REST_FRAMEWORK": {**made, "EXCEPTION_HANDLER": "shop.errors.handler"}}

    rendered = load_from(Own).rendered["REST_FRAMEWORK"]
    assert isinstance(rendered, dict)
    assert rendered["EXCEPTION_HANDLER"] == "shop.errors.handler"
    assert "DEFAULT_AUTHENTICATION_CLASSES" in rendered


def test_a_start_without_a_profile_says_how_to_begin(load_from: LoadFrom) -> None:
    """Somebody who has set nothing is told of the profile that needs nothing."""
    loaded = load_from(profiles=None)
    (problem,) = (problem for problem in loaded.problems if problem.id == "profile.unset")
    assert problem.severity == "warning"
    assert "DJANGO_PROFILE=development" in problem.hint
    assert "profile.unset" not in [problem.id for problem in load_from().problems]
    assert "profile.unset" not in [found.id for found in load_from(environ={"DEBUG": "x"}).problems]


def test_a_setting_declared_beside_its_field_is_told_which_field_it_is(load_from: LoadFrom) -> None:
    """Somebody who brings ``ROOT_URLCONF`` over finds out what it is called here."""

    class Own(CoreSettings):
        ROOT_URLCONF: str = "shop.urls"

    (problem,) = load_from(Own).errors
    assert problem.id == "class.field"
    assert problem.hint == "write  root_urlconf  for it"


class StrictJWTSettings(JWTSettings):
    """A section of ours with another default, declared as one declares a field."""

    leeway: timedelta = timedelta(seconds=10)


def test_a_redeclared_leaf_keeps_its_constraints(load_from: LoadFrom) -> None:
    """Another default does not lift the bounds of the field."""

    class Own(CoreSettings):
        jwt: StrictJWTSettings = StrictJWTSettings()

    (problem,) = load_from(Own, {"JWT_LEEWAY": "10m"}).errors
    assert (problem.id, problem.variable) == ("value.range", "JWT_LEEWAY")
    loaded = load_from(Own)
    assert loaded.settings is not None
    assert loaded.settings.jwt.leeway == timedelta(seconds=10)


def test_a_class_of_a_project_may_bear_the_name_of_ours(load_from: LoadFrom) -> None:
    """Whose a default is goes by the class and not by its name."""
    own = type(
        "CoreSettings",
        (CoreSettings,),
        {"__module__": __name__, "__annotations__": {"page_size": int}, "page_size": "abc"},
    )
    (problem,) = load_from(own).errors
    assert (problem.variable, problem.origin) == ("PAGE_SIZE", "CoreSettings")


class CodeSettings(Section):
    """A section of a project whose one leaf has a validator."""

    prefix: ClassVar[str] = "CODE_"

    word: str = "plain"

    @field_validator("word")
    @classmethod
    def quiet(cls, text: str) -> str:
        """Refuse shouting."""
        if "!" in text:
            msg = "no shouting"
            raise ValueError(msg)
        return text


def test_a_section_whose_every_leaf_fails_stands_at_its_defaults(load_from: LoadFrom) -> None:
    """What is left of such a section can still be shown, and nothing of it be relied on."""

    class Own(CoreSettings):
        code: CodeSettings = CodeSettings()

    loaded = load_from(Own, {"CODE_WORD": "hey!"})
    (problem,) = loaded.errors
    assert (problem.variable, problem.message) == ("CODE_WORD", '"hey!": no shouting.')
    assert loaded.settings is not None
    assert loaded.settings.code.word == "plain"  # type: ignore[attr-defined]  # an Own
