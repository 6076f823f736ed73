"""The changelog says what is in a release, and its section becomes the notes."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release import changelog
from release.errors import ReleaseError

HISTORY = """\
# Changelog

Words about the form.

## Unreleased

## 1.0.0rc2 - 2026-12-24

### Fixed

- A fault: see [Migrate](docs/how-to/migrate.md#names), [above](#fixed) and [the form](https://example.com/form).

## 1.0.0rc1 - 2026-12-01

The first.
"""
TODAY = date(2026, 12, 31)


def test_a_history_that_is_ready() -> None:
    """With an empty ``Unreleased`` above a dated section for the version, there is nothing to say."""
    assert list(changelog.problems(HISTORY, "1.0.0rc2")) == []


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        pytest.param("## Unreleased\n", "## Unreleased\n\n- More.\n", "is not empty", id="unreleased"),
        pytest.param("## Unreleased\n", "", "must begin with one section", id="no unreleased"),
        pytest.param("The first.", "The first.\n\n## Unreleased", "must begin with one section", id="two"),
        pytest.param("1.0.0rc2 - 2026-12-24", "1.0.0rc2", "needs its date", id="no date"),
        pytest.param("1.0.0rc2 - 2026-12-24", "1.0.0rc2 - 24/12/2026", "needs its date", id="another date"),
        pytest.param("2026-12-24", "2026-13-24", "needs its date", id="no such date"),
        pytest.param("The first.", "", "says nothing", id="empty"),
        pytest.param("1.0.0rc1 -", "1.0.0 -", "1.0.0rc2 stands above 1.0.0 and is not newer", id="order"),
        pytest.param("1.0.0rc1 -", "1.0.0rc2 -", "is not newer", id="twice"),
        pytest.param("1.0.0rc1 -", "1.0 -", "not named after a version", id="name"),
        pytest.param("## 1.0.0rc2", "## 1.0.0rc3", "the newest section must be", id="another version"),
    ],
)
def test_what_keeps_it_from_being_ready(before: str, after: str, problem: str) -> None:
    """Each thing that is wrong with a history is said."""
    assert problem in "\n".join(changelog.problems(HISTORY.replace(before, after, 1), "1.0.0rc2"))


def test_an_empty_changelog_is_not_ready() -> None:
    """A changelog without sections is told what it needs."""
    assert len(list(changelog.problems("# Changelog\n", "1.0.0"))) == 2


def test_release_moves_what_is_unreleased() -> None:
    """What was unreleased stands under the version, and the place above it is empty for what comes."""
    text = HISTORY.replace("## Unreleased\n", "## Unreleased\n\n- More.\n")
    released = changelog.release(text, "1.0.0", TODAY)
    assert [section.name for section in changelog.sections(released)] == [
        "Unreleased", "1.0.0", "1.0.0rc2", "1.0.0rc1",
    ]  # fmt: skip
    assert changelog.sections(released)[1] == ("1.0.0", "2026-12-31", "- More.")
    assert list(changelog.problems(released, "1.0.0")) == []


@pytest.mark.parametrize("version", ["1.0.0rc2", "1.0.0rc1", "0.9.0"])
def test_a_version_is_released_once(version: str) -> None:
    """A version that is not newer than what was released is refused."""
    text = HISTORY.replace("## Unreleased\n", "## Unreleased\n\n- More.\n")
    with pytest.raises(ReleaseError, match=r"is not newer than 1\.0\.0rc2"):
        changelog.release(text, version, TODAY)


def test_nothing_is_not_released() -> None:
    """Where nothing is unreleased, there is no release."""
    with pytest.raises(ReleaseError, match="says nothing"):
        changelog.release(HISTORY, "1.0.0", TODAY)


def test_notes_are_the_section_with_links_that_work() -> None:
    """Links to files of the repository lead to that version of them; other links stay."""
    notes = changelog.notes(HISTORY, "1.0.0rc2", "https://git.example.com/team/dj/")
    assert notes.startswith("### Fixed\n")
    assert "](https://git.example.com/team/dj/blob/v1.0.0rc2/docs/how-to/migrate.md#names)" in notes
    assert "[above](#fixed)" in notes
    assert "[the form](https://example.com/form)" in notes
    assert "The first." not in notes


def test_notes_of_an_unknown_version_are_refused() -> None:
    """There are no notes for what has no section."""
    with pytest.raises(ReleaseError, match=r"no section for 2\.0\.0"):
        changelog.notes(HISTORY, "2.0.0")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map("- {}".format), min_size=1))
def test_whatever_is_written_survives_its_release(lines: list[str]) -> None:
    """No text of an entry is lost or changed by a release."""
    body = "\n".join(lines).strip()
    released = changelog.release(f"# Changelog\n\n## Unreleased\n\n{body}\n", "1.0.0", TODAY)
    assert changelog.sections(released)[1].body == body
