"""Profiles: TOML files that are found, combined and checked."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.loading import load
from dj_core_utils.settings.profiles import ProfileLibrary, builtin_folder, split_names

if TYPE_CHECKING:
    from pathlib import Path

    from tests.settings.conftest import LoadFrom


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for profiles of a test."""
    (tmp_path / "profiles").mkdir()
    return tmp_path / "profiles"


def write(folder: Path, **texts: str) -> ProfileLibrary:
    """Write profiles and open the folder."""
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(dedent(text), encoding="utf-8")
    return ProfileLibrary([folder])


def test_the_six_built_in_profiles_are_there_and_well_formed() -> None:
    """All built-in profiles can be read, each with a description."""
    library = ProfileLibrary([builtin_folder()])
    assert library.names == ["build", "development", "microservice", "monolith", "production", "test"]
    for name in library.names:
        active = library.activate([name], "here")
        assert library.problems == []
        assert active.layers[-1].description


@pytest.mark.parametrize(
    "text", ["microservice,production", " microservice , production ,", ",microservice,,production"]
)
def test_the_list_of_profiles_is_comma_separated(text: str) -> None:
    """Spaces and empty items in the list mean nothing."""
    assert split_names(text) == ("microservice", "production")


def test_a_profile_comes_after_what_it_extends(folder: Path) -> None:
    """Parents are applied first, each profile once, in the order listed."""
    library = write(folder, a="", b='extends = ["a"]', c='extends = ["b", "a"]')
    assert library.activate(["c", "a"], "here").names == ("a", "b", "c")


def test_profiles_that_extend_each_other_in_a_circle_are_refused(folder: Path) -> None:
    """A circle is reported with its members and does not hang."""
    library = write(folder, a='extends = ["b"]', b='extends = ["a"]')
    library.activate(["a"], ".env:1")
    (problem,) = library.problems
    assert problem.id == "profile.cycle"
    assert "a -> b -> a" in problem.message


def test_a_misspelt_profile_is_answered_with_the_nearest_name(folder: Path) -> None:
    """An unknown name is an error that suggests and lists the known ones."""
    library = write(folder, production="", development="")
    active = library.activate(["prodution"], "environment")
    (problem,) = library.problems
    assert (problem.id, problem.variable, problem.origin) == ("profile.unknown", "DJANGO_PROFILE", "environment")
    assert problem.message == '"prodution" is not a profile. Did you mean production?'
    assert problem.hint == "known: development, production"
    assert (active.display, active.names) == ("production?", ("production",))
    library.activate(["staging"], "environment")
    assert library.problems[-1].hint.endswith("\none of your own is a file:  profiles/staging.toml")


@pytest.mark.parametrize("text", ["development production", "development;production", "development|production"])
def test_names_are_separated_by_commas(folder: Path, text: str) -> None:
    """Whoever separates them in another way is told."""
    library = write(folder, production="", development="")
    active = library.activate([text], "environment")
    (problem,) = library.problems
    assert problem.hint.startswith("several names are separated by commas")
    assert active.names == ()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "../../etc/passwd?"),
        ("a\x1b[2Jb\nc", r"a\x1b[2Jb\nc?"),
        ("x" * 100_000, "x" * 40 + "…"),
        ("\udcff", r"\udcff?"),
    ],
)
def test_a_name_is_no_path_and_steers_no_terminal(load_from: LoadFrom, name: str, shown: str) -> None:
    """Whatever is asked for, only the files of the folders can be found, and the headline stays one line."""
    loaded = load_from(environ={"DJANGO_PROFILE": f"development,{name}"}, profiles=None)
    (problem,) = loaded.errors
    assert (problem.id, problem.origin) == ("profile.unknown", "environment")
    assert loaded.profiles.display == f"development, {shown}"
    assert len(problem.message) < 200
    assert problem.message.isprintable()


def test_an_unknown_parent_is_told_with_its_child(folder: Path) -> None:
    """The profile that extends something unknown is named."""
    library = write(folder, staging='extends = ["prod"]')
    library.activate(["staging"], "environment")
    (problem,) = library.problems
    assert problem.origin == "profile staging"
    assert "which profile staging extends" in problem.message


def test_a_conflict_with_a_profile_that_does_not_exist_is_refused(folder: Path) -> None:
    """A misspelt conflict would forbid nothing."""
    library = write(folder, own='conflicts = ["monolit"]', monolith="")
    library.activate(["own"], "environment")
    (problem,) = library.problems
    assert (problem.id, problem.origin) == ("profile.unknown", "profile own")
    assert problem.message == '"monolit", which its conflicts name, is not a profile. Did you mean monolith?'


def test_conflicting_profiles_are_refused_once(folder: Path) -> None:
    """Two profiles that exclude each other make one problem, whichever way round they are listed."""
    library = write(folder, a='conflicts = ["b"]', b='conflicts = ["a"]')
    library.activate(["b", "a"], "environment")
    (problem,) = library.problems
    assert problem.id == "profile.conflict"


@pytest.mark.parametrize(
    ("text", "problem_id", "words"),
    [
        ("settings = ", "profile.syntax", "Invalid value (at end of document)"),
        ("a b", "profile.syntax", "Expected '=' after a key in a key/value pair (at line 1, column 3)"),
        ("[settings", "profile.syntax", "Expected ']' at the end of a table declaration (at end of document)"),
        ("[[settings]", "profile.syntax", "Expected ']]' at the end of an array declaration (at line 1, column 11)"),
        ("[a]\n[a]", "profile.syntax", "not valid TOML: Cannot declare a name twice (at line 2, column 3)."),
        ("a = {'b (at x)' = 1, 'b (at x)' = 2}", "profile.syntax", "not valid TOML: Duplicate inline table key (at "),
        ("a = '\0'", "profile.syntax", "not valid TOML: Found invalid character (at "),
        ('settings = "x', "profile.syntax", "not valid TOML"),
        ("description = 1", "profile.value", "description must be text"),
        ('extends = "a"', "profile.value", "extends must be a list"),
        ("require = [1]", "profile.value", "require must be a list"),
        ("settings = 1", "profile.value", "settings must be a table"),
        ("settings = " + "[" * 5000, "profile.syntax", "nested too deeply"),
        ("settings = " + "9" * 5000, "profile.syntax", "thousands of digits"),
        ("# " + "x" * 1_100_000, "profile.unreadable", "larger than 1 MiB"),
        ("setings = {}", "profile.key", "Did you mean settings?"),
        ("[policy]\nhardned = true", "profile.key", "Did you mean policy.hardened?"),
        ('[policy]\nhardened = "yes"', "profile.value", "policy.hardened must be true or false"),
        ('[policy.waivers]\n"a.b" = ""', "profile.value", "must give a reason"),
        ("[policy]\nwaivers = 1", "profile.value", "must give a reason"),
    ],
)
def test_a_malformed_profile_says_what_is_wrong(folder: Path, text: str, problem_id: str, words: str) -> None:
    """Each mistake in a profile file has its message, with the file as the origin."""
    library = write(folder, broken=text)
    library.activate(["broken"], "environment")
    (problem,) = library.problems
    assert problem.id == problem_id
    assert words in problem.message
    assert problem.origin == str(folder / "broken.toml")


def test_a_profile_that_is_not_utf8_is_refused(folder: Path) -> None:
    """Bytes that are not UTF-8 are a problem, not a crash."""
    (folder / "bad.toml").write_bytes(b'description = "\xff"')
    library = ProfileLibrary([folder])
    library.activate(["bad"], "environment")
    (problem,) = library.problems
    assert (problem.id, problem.message) == ("profile.unreadable", "the profile cannot be read: it is not UTF-8.")


def test_an_unreadable_profile_is_refused(folder: Path) -> None:
    """A folder where a file should be is a problem, not a crash."""
    (folder / "bad.toml").mkdir()
    library = ProfileLibrary([folder])
    library.activate(["bad"], "environment")
    assert [problem.id for problem in library.problems] == ["profile.unreadable"]


def test_syntax_errors_never_quote_the_file(folder: Path) -> None:
    """A secret on the broken line stays out of the message."""
    library = write(folder, broken='[settings]\nkey = "canary-4711')
    library.activate(["broken"], "environment")
    assert all("canary" not in str(problem) for problem in library.problems)


def test_a_bom_and_windows_line_ends_are_fine(folder: Path) -> None:
    """Files from Windows editors are read."""
    (folder / "win.toml").write_bytes(b'\xef\xbb\xbfdescription = "x"\r\n[settings]\r\ndebug = true\r\n')
    library = ProfileLibrary([folder])
    active = library.activate(["win"], "environment")
    assert library.problems == []
    assert active.layers[0].settings == {"debug": True}


def test_the_last_listed_profile_wins(load_from: LoadFrom) -> None:
    """Of two profiles that set one leaf, the later one is used and the earlier one is remembered."""
    files = {
        "profiles/one.toml": '[settings]\ntime_zone = "Europe/Madrid"\n',
        "profiles/two.toml": '[settings]\ntime_zone = "Europe/Berlin"\n',
    }
    loaded = load_from(files=files, profiles=["development", "one", "two"])
    trace = loaded.traces["TIME_ZONE"]
    assert loaded.settings is not None
    assert loaded.settings.time_zone == "Europe/Berlin"
    assert [str(candidate.origin) for candidate in trace.candidates] == ["profile two", "profile one", "CoreSettings"]


def test_a_real_source_beats_every_profile(load_from: LoadFrom) -> None:
    """A profile never overrides what somebody deployed."""
    files = {"profiles/one.toml": '[settings]\ntime_zone = "Europe/Madrid"\n'}
    loaded = load_from(dotenv="TIME_ZONE=Asia/Tokyo\n", files=files, profiles=["development", "one"])
    assert loaded.settings is not None
    assert loaded.settings.time_zone == "Asia/Tokyo"
    assert loaded.traces["TIME_ZONE"].shadowed[0].label == "profile one"


def test_a_project_file_named_like_a_built_in_is_applied_on_top_of_it(load_from: LoadFrom) -> None:
    """The project adds to ``development`` without losing what it sets."""
    files = {"profiles/development.toml": '[settings]\ntime_zone = "Europe/Madrid"\n'}
    loaded = load_from(files=files, profiles=["development"])
    assert loaded.settings is not None
    assert loaded.settings.time_zone == "Europe/Madrid"
    assert loaded.settings.debug is True


def test_a_profile_key_that_no_field_has_is_answered_with_the_nearest(load_from: LoadFrom) -> None:
    """Profiles are checked against the settings class."""
    files = {"profiles/one.toml": "[settings]\ndebgu = true\n[settings.security]\nhsts_secnds = 1\n"}
    loaded = load_from(files=files, profiles=["development", "one"])
    found = {problem.variable: problem.message for problem in loaded.errors}
    assert found["settings.debgu"] == "no such setting. Did you mean debug?"
    assert found["settings.security.hsts_secnds"] == "no such setting. Did you mean hsts_seconds?"


def test_a_profile_value_of_the_wrong_type_is_named_with_its_profile(load_from: LoadFrom) -> None:
    """A bad value in a profile is reported like one in the environment."""
    files = {"profiles/one.toml": "[settings]\ndebug = 7\n"}
    (problem,) = load_from(files=files, profiles=["development", "one"]).errors
    assert (problem.variable, problem.origin) == ("DEBUG", "profile one")


def test_required_variables_must_come_from_a_real_source(load_from: LoadFrom) -> None:
    """A default does not satisfy what a profile requires, and each alternative does."""
    files = {"profiles/strict.toml": 'require = ["TIME_ZONE", "LANGUAGE_CODE | LOG_LEVEL"]\n'}
    loaded = load_from(files=files, profiles=["development", "strict"])
    missing = [problem for problem in loaded.errors if problem.id == "variable.required"]
    assert [problem.variable for problem in missing] == ["TIME_ZONE", "LANGUAGE_CODE"]
    assert missing[1].message == "required by profile strict. LOG_LEVEL will do, too."
    environ = {"TIME_ZONE": "UTC", "LOG_LEVEL": "INFO"}
    assert load_from(CoreSettings, environ, profiles=["development", "strict"]).errors == ()


def test_the_environment_chooses_the_profiles(load_from: LoadFrom) -> None:
    """``DJANGO_PROFILE`` in the environment beats the one in ``.env``."""
    environ = {"DJANGO_PROFILE": "monolith,development"}
    loaded = load_from(CoreSettings, environ, dotenv="DJANGO_PROFILE=production\n", profiles=None)
    assert loaded.profiles.names == ("monolith", "development")


def test_without_a_choice_the_profile_is_monolith(load_from: LoadFrom) -> None:
    """Unset means monolith alone, with DEBUG off."""
    loaded = load_from(profiles=None)
    assert loaded.profiles.names == ("monolith",)
    assert loaded.settings is not None
    assert loaded.settings.debug is False


def test_waivers_without_reasons_waive_nothing(load_from: LoadFrom) -> None:
    """A profile whose waivers are no table is told so, and the others keep theirs."""
    files = {"profiles/own.toml": '[policy]\nwaivers = "all"\n'}
    loaded = load_from(files=files, profiles=["production", "own"])
    assert [(problem.id, problem.variable) for problem in loaded.errors if problem.id == "profile.value"] == [
        ("profile.value", "own.toml")
    ]
    assert "all" not in loaded.profiles.waivers


def test_a_misspelt_profile_is_not_drowned_by_policies(load_from: LoadFrom) -> None:
    """Nobody knows what the intended profile would have said, so policies wait until it is known."""
    loaded = load_from(environ={"DJANGO_PROFILE": "developmnt"}, profiles=None)
    assert "profile.unknown" in [problem.id for problem in loaded.errors]
    assert [problem for problem in loaded.problems if problem.is_policy] == []


@pytest.mark.parametrize(
    ("toml", "variable", "message"),
    [
        ("[settings]\nsecurity = 5", "settings.security", "this is a section: its fields are set one by one."),
        ("[[settings.security]]\nhsts_seconds = 5", "settings.security", "this is a section"),
        ("[settings]\nDEBUG = true", "settings.DEBUG", "Did you mean debug?"),
        ("[settings]\nSECURE_HSTS_SECONDS = 5", "settings.SECURE_HSTS_SECONDS", "Did you mean security.hsts_seconds?"),
    ],
)
def test_a_key_in_the_wrong_place_is_told_the_right_one(
    load_from: LoadFrom, toml: str, variable: str, message: str
) -> None:
    """Sections take tables, and a setting known by its variable has its place in a section."""
    loaded = load_from(files={"profiles/own.toml": toml}, profiles=["development", "own"])
    (problem,) = loaded.errors
    assert (problem.id, problem.variable, problem.origin) == ("profile.key", variable, "profile own")
    assert message in problem.message


@pytest.mark.parametrize(("wanted", "meant"), [("ALOWED_HOSTS", "ALLOWED_HOSTS"), ("allowed_hosts", "ALLOWED_HOSTS")])
def test_a_profile_cannot_require_what_nothing_reads(load_from: LoadFrom, wanted: str, meant: str) -> None:
    """Nobody could ever satisfy it."""
    files = {"profiles/own.toml": f'require = ["{wanted}"]'}
    (problem,) = load_from(environ={wanted: "x"}, files=files, profiles=["development", "own"]).errors
    assert (problem.id, problem.variable, problem.origin) == ("profile.require", wanted, "profile own")
    assert problem.message == f"required, but nothing reads this. Did you mean {meant}?"


@pytest.mark.parametrize("kind", ["loop", "file"])
def test_a_folder_that_is_none(tmp_path: Path, kind: str) -> None:
    """A folder that cannot be listed is a problem, for its profiles may demand something; a file is another thing."""
    path = tmp_path / "profiles"
    if kind == "file":
        path.write_text("no folder")
    else:
        path.symlink_to(path)
    problems = ProfileLibrary([path]).problems
    assert [problem.id for problem in problems] == {"file": [], "loop": ["profile.unreadable"]}[kind]
    assert all(str(path) == problem.variable for problem in problems)


def test_in_a_checkout_a_profile_is_applied_once() -> None:
    """The folder of the built-in profiles may be the project's own, too."""
    loaded = load(
        CoreSettings, environ={}, project_dir=builtin_folder().parent, env_file=None, profiles=["development"]
    )
    assert [profile.name for profile in loaded.profiles.layers] == ["development"]


def test_a_quoted_path_is_told_from_a_table(load_from: LoadFrom) -> None:
    """In quotes TOML does not split a name at its dots."""
    files = {"profiles/own.toml": "[settings]\n'security.hsts_seconds' = 60\n'a.b' = 1\n"}
    messages = [problem.message for problem in load_from(files=files, profiles=["development", "own"]).errors]
    assert messages == ["no such setting: security is a table, or mapping, of its own.", "no such setting."]


def test_an_empty_name_in_require_is_told(load_from: LoadFrom) -> None:
    """As it comes from a superfluous bar."""
    files = {"profiles/own.toml": "require = ['DATABASE_URL|']\n"}
    (problem,) = load_from(files=files, profiles=["development", "own"]).errors
    assert (problem.id, problem.message) == ("profile.require", "a name in require is empty.")
