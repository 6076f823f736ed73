"""What the text of a variable means, type by type."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, NewType
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr, ValidationError, create_model
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType, TypedDict

from dj_core_utils.settings.decoding import decode, is_unset
from dj_core_utils.settings.secret_url import SecretURL
from dj_core_utils.settings.variables import is_secret_type

CANARY = "c4n4ry-53cr3t"


class Peer(BaseModel):
    """A structure with a secret in it."""

    url: str
    token: SecretStr


@dataclass
class Point:
    """A structure that Pydantic reads as well."""

    x: int


class Limits(TypedDict):
    """Another one."""

    rate: int


class Node(BaseModel):
    """A structure that contains itself."""

    name: str
    next: Node | None = None


class Colour(StrEnum):
    """Choices that are texts."""

    RED = "red"


class Level(IntEnum):
    """Choices that are numbers."""

    INFO = 20


class Weekday(Enum):
    """Choices that are numbers, to Python alone."""

    MONDAY = 1


Names = TypeAliasType("Names", "list[str]")
Hosts = TypeAliasType("Hosts", list[str])
UserId = NewType("UserId", int)
ApiKey = TypeAliasType("ApiKey", SecretStr)

ANNOTATIONS: list[Any] = [
    bool,
    int,
    float,
    Decimal,
    timedelta,
    str,
    SecretStr,
    SecretURL,
    Path,
    date,
    UUID,
    Colour,
    Weekday,
    Literal["a", 1, True],
    list[int],
    list[SecretStr],
    tuple[int, str],
    tuple[bool, ...],
    set[str],
    frozenset[timedelta],
    dict[str, int],
    dict[int, list[bool]],
    dict[str, SecretStr],
    list,
    dict,
    Peer,
    Point,
    Limits,
    list[Peer],
    int | str,
    bool | int,
    list[int] | dict[str, int],
    Peer | None,
    Hosts,
    UserId,
    object,
]


def is_valid(value: object, annotation: Any) -> bool:  # noqa: ANN401  # a type, or what typing makes of types
    """Whether Pydantic accepts a value for a leaf of that type."""
    holder = create_model("Holder", leaf=(annotation, ...))
    try:
        holder(leaf=value)
    except ValidationError:
        return False
    return True


def refusal_or_none(text: str, annotation: object, *, is_secret: bool = False) -> PydanticCustomError | None:
    """The error that a text is refused with, if it is."""
    try:
        decode(text, annotation, is_secret=is_secret)
    except PydanticCustomError as error:
        return error
    return None


def refusal(text: str, annotation: object) -> tuple[str, str]:
    """The id and the message that a text is refused with."""
    with pytest.raises(PydanticCustomError) as caught:
        decode(text, annotation)
    return caught.value.type, caught.value.message()


@pytest.mark.parametrize("text", ["true", "TRUE", "True", "1", "yes", "Yes", "on", " on ", "\ttrue\n"])
def test_words_for_true(text: str) -> None:
    """A boolean is true by one of four words, in capitals or not, with spaces around it or without."""
    assert decode(text, bool) is True


@pytest.mark.parametrize("text", ["false", "FALSE", "0", "no", "No", "off", " off "])
def test_words_for_false(text: str) -> None:
    """A boolean is false by one of four words."""
    assert decode(text, bool) is False


@pytest.mark.parametrize("text", ["Flase", "t", "y", "2", "", " ", "enabled", "tru e", "01"])
def test_other_words_are_no_booleans(text: str) -> None:
    """Anything else is refused with the words to use."""
    problem, message = refusal(text, bool)
    assert problem == "value.boolean"
    assert message == f'"{text}" is not a boolean; use true or false.'


@pytest.mark.parametrize(("text", "value"), [("5", 5), ("+5", 5), ("-5", -5), ("007", 7), (" 5 ", 5), ("0", 0)])
def test_integers(text: str, value: int) -> None:
    """An integer is digits with a sign or without."""
    assert decode(text, int) == value


@pytest.mark.parametrize("text", ["1_000", "5.0", "1e3", "0x10", "", "٣", "five", "+ 5", "--5", "1,000", "9" * 5000])
def test_other_texts_are_no_integers(text: str) -> None:
    """What Python's int() would take beyond digits is refused."""
    assert refusal(text, int)[0] == "value.integer"


@pytest.mark.parametrize(
    ("text", "value"), [("2", 2.0), ("0.5", 0.5), (".5", 0.5), ("5.", 5.0), ("-1e-3", -0.001), (" 1E6 ", 1e6)]
)
def test_numbers(text: str, value: float) -> None:
    """A number is decimal, with an exponent or without; a Decimal keeps each digit."""
    assert decode(text, float) == value
    assert decode(text, Decimal) == Decimal(text.strip())


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1_0.5", "1e", "", ".", "1,5", "0x1p3"])
@pytest.mark.parametrize("annotation", [float, Decimal])
def test_other_texts_are_no_numbers(text: str, annotation: type) -> None:
    """Neither infinity nor anything that only Python writes is a number."""
    assert refusal(text, annotation)[0] == "value.number"


def test_numbers_that_nothing_holds() -> None:
    """A number that would become infinite is refused; a Decimal has more room, though not without end."""
    assert refusal("1e999", float)[0] == "value.number"
    assert decode("1e999", Decimal) == Decimal("1e999")
    assert refusal("1e999999999999999999999", Decimal)[0] == "value.number"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("300", timedelta(seconds=300)),
        ("0", timedelta(0)),
        ("0.5", timedelta(seconds=0.5)),
        ("-1", timedelta(seconds=-1)),
        ("15m", timedelta(minutes=15)),
        ("1d", timedelta(days=1)),
        ("2w", timedelta(weeks=2)),
        ("1h30m", timedelta(minutes=90)),
        ("1h 30m", timedelta(minutes=90)),
        ("500ms", timedelta(milliseconds=500)),
        ("1m500ms", timedelta(minutes=1, milliseconds=500)),
        ("1.5h", timedelta(minutes=90)),
        ("-1h30m", timedelta(minutes=-90)),
        ("1w2d3h4m5s6ms", timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5, milliseconds=6)),
        (" 15m ", timedelta(minutes=15)),
        ("PT15M", timedelta(minutes=15)),
        ("P1D", timedelta(days=1)),
        ("P2W", timedelta(weeks=2)),
        ("P1DT12H30M5.5S", timedelta(days=1, hours=12, minutes=30, seconds=5.5)),
        ("-PT1H", timedelta(hours=-1)),
    ],
)
def test_durations(text: str, value: timedelta) -> None:
    """A duration is seconds, units from large to small, or ISO 8601."""
    assert decode(text, timedelta) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "15 minutes",
        "15M",
        "30m1h",
        "1h1h",
        "m",
        "-",
        "P",
        "PT",
        "P1DT",
        "P1Y",
        "P1M",
        "PT5",
        "15m30",
        "1:30",
        "1e3",
    ],
)
def test_other_texts_are_no_durations(text: str) -> None:
    """Units out of order, years, months and clock times are refused, and the message shows what can be written."""
    problem, message = refusal(text, timedelta)
    assert problem == "value.duration"
    assert "use seconds, 15m, 1h30m, 2d or ISO 8601 such as PT15M" in message


@pytest.mark.parametrize("text", ["9" * 400, "99999999999w", "-999999999d24h", "P999999999999W"])
def test_durations_that_nothing_holds(text: str) -> None:
    """A duration too long for Python is refused like any other."""
    assert refusal(text, timedelta)[0] == "value.duration"


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        ("a,b", list[str], ["a", "b"]),
        (" a , b ,", list[str], ["a", "b"]),
        ("a", list[str], ["a"]),
        ("", list[str], []),
        ("  ", list[str], []),
        ('["a, b", " c "]', list[str], ["a, b", " c "]),
        (" [] ", list[str], []),
        ("1, 2", list[int], [1, 2]),
        ('["1", 2]', list[int], [1, 2]),
        ('["1e3", 2.5]', list[float], [1000.0, 2.5]),
        ("a,b", list, ["a", "b"]),
        ("a,b", set[str], ["a", "b"]),
        ("1,2", frozenset[int], [1, 2]),
        ("1,2", Sequence[int], [1, 2]),
        ("1,2", tuple[int, ...], [1, 2]),
        ("1,b,c", tuple[int, str], [1, "b", "c"]),
        ("15m,1h", list[timedelta], [timedelta(minutes=15), timedelta(hours=1)]),
        ('["15m"]', list[timedelta], [timedelta(minutes=15)]),
        ('[["15m"], ["1h", 5]]', list[list[timedelta]], [[timedelta(minutes=15)], [timedelta(hours=1), 5]]),
        ('[{"a": "15m"}]', list[dict[str, timedelta]], [{"a": timedelta(minutes=15)}]),
        ('[{"x": 1}, null]', list[Point | None], [{"x": 1}, None]),
        ("a, b", list[SecretStr], ["a", "b"]),
        ("a,b", Hosts, ["a", "b"]),
        ("a,b", Annotated[list[str] | None, Field(max_length=3)], ["a", "b"]),
        ("a,b", list[Annotated[str, Field(min_length=1)]], ["a", "b"]),
        ("1,2", list[UserId], [1, 2]),
    ],
)
def test_lists(text: str, annotation: object, value: object) -> None:
    """A list is separated by commas or is JSON; its items are read by their own type."""
    assert decode(text, annotation) == value


@pytest.mark.parametrize(
    ("text", "annotation", "problem", "part"),
    [
        ("a,,b", list[str], "value.list", "nothing at place 2"),
        (",a", list[str], "value.list", "nothing at place 1"),
        (",", list[str], "value.list", "nothing at place 1"),
        ("1,x", list[int], "value.integer", 'item 2: "x" is not an integer'),
        ('[["x"]]', list[list[bool]], "value.boolean", 'item 1: item 1: "x" is not a boolean'),
        ("['a']", list[str], "value.json", "from character 2 on"),
        ('["a"', list[str], "value.json", "not valid JSON"),
        ("[NaN]", list[float], "value.json", "out of range"),
        ("[1e999]", list[float], "value.json", "out of range"),
        (f"[{'1' * 5000}]", list[int], "value.json", "out of range"),
        ("[" * 100_000, list[str], "value.json", "nested too deeply"),
        ("[" * 101 + "]" * 101, list[Any], "value.json", "nested more than 100 levels deep"),
        ('["\\u0000"]', list[str], "value.nul", "item 1: the value holds a NUL byte"),
    ],
)
def test_lists_that_cannot_be_read(text: str, annotation: object, problem: str, part: str) -> None:
    """A list that cannot be read says where it goes wrong."""
    found, message = refusal(text, annotation)
    assert found == problem
    assert part in message


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        ("a=1,b=2", dict[str, int], {"a": 1, "b": 2}),
        (" a = 1 , b = 2 , ", dict[str, int], {"a": 1, "b": 2}),
        ("a=b=c", dict[str, str], {"a": "b=c"}),
        ("a=", dict[str, str], {"a": ""}),
        ("", dict[str, str], {}),
        ('{"a": "x,y", "b": "1=2"}', dict[str, str], {"a": "x,y", "b": "1=2"}),
        ('{"a": "15m"}', dict[str, timedelta], {"a": timedelta(minutes=15)}),
        ('{"a": ["1", 2]}', dict[str, list[int]], {"a": [1, 2]}),
        ('{"a": {"b": "yes"}}', dict[str, dict[str, bool]], {"a": {"b": True}}),
        ("1=yes", dict[int, bool], {1: True}),
        ("a=1", dict[frozenset[str], int], {"a": 1}),
        ("a=b", dict, {"a": "b"}),
        ("a=b", Mapping[str, str], {"a": "b"}),
        ("a=b", dict[str, str] | None, {"a": "b"}),
        ('{"a": {"x": 1}}', dict[str, Point], {"a": {"x": 1}}),
    ],
)
def test_mappings(text: str, annotation: object, value: object) -> None:
    """A mapping is name=value pairs or JSON; a value may hold an equals sign, and in JSON a comma."""
    assert decode(text, annotation) == value


@pytest.mark.parametrize(
    ("text", "annotation", "problem", "part"),
    [
        ("a", dict[str, str], "value.mapping", "no name=value in entry 1"),
        ("a=1,=2", dict[str, str], "value.mapping", "no name=value in entry 2"),
        ("a=1,,b=2", dict[str, str], "value.mapping", "nothing at place 2"),
        ("a=1,a=1", dict[str, str], "value.mapping", "entry 2 repeats"),
        ("1=a,01=b", dict[int, str], "value.mapping", "entry 2 repeats"),
        ("a=x", dict[str, int], "value.integer", 'entry 1: "x" is not an integer'),
        ("x=1", dict[int, int], "value.integer", 'entry 1: "x" is not an integer'),
        ('{"a": 1, "a": 1}', dict[str, int], "value.json", "one name twice"),
        ('{"a": {"b": 1, "b": 2}}', dict[str, object], "value.json", "one name twice"),
        ("{a: 1}", dict[str, int], "value.json", "from character 2 on"),
    ],
)
def test_mappings_that_cannot_be_read(text: str, annotation: object, problem: str, part: str) -> None:
    """A mapping that cannot be read says which entry is at fault; no value is lost to a key that comes twice."""
    found, message = refusal(text, annotation)
    assert found == problem
    assert part in message


@pytest.mark.parametrize(
    ("text", "annotation"),
    [('{"url": "u", "token": "t"}', Peer), ('{"x": 1}', Point), ('{"rate": 5}', Limits), ('{"x": 1}', Point | None)],
)
def test_structures(text: str, annotation: object) -> None:
    """Models, dataclasses and typed dictionaries are written as JSON objects."""
    value = decode(text, annotation)
    assert value == json.loads(text)
    assert is_valid(value, annotation)


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        (" a ", str, " a "),
        (" a ", str | None, " a "),
        (" a ", SecretStr, " a "),
        (" a ", SecretURL, " a "),
        (" a ", Path, " a "),
        (" a ", object, " a "),
        (" 5 ", Any, " 5 "),
        (" 2026-01-31 ", date, "2026-01-31"),
        (" 2026-01-31T10:00 ", datetime, "2026-01-31T10:00"),
        (f" {UUID(int=5)} ", UUID, str(UUID(int=5))),
        (" red ", Colour, "red"),
        ("blue", Colour, "blue"),
        ("20", Level, 20),
        ("1", Weekday, 1),
        ("a", Literal["a", "b"], "a"),
        (" b ", Literal["a", "b"], "b"),
        ("c", Literal["a", "b"], "c"),
        ("2", Literal[1, 2], 2),
        ("yes", Literal[True, "auto"], True),
        ("auto", Literal[True, "auto"], "auto"),
        ("5", UserId, 5),
        ("a", Names, "a"),
    ],
)
def test_texts_and_choices(text: str, annotation: object, value: object) -> None:
    """Text is handed on as it is; what only Pydantic can read loses the spaces around it; a choice gets its type."""
    assert decode(text, annotation) == value


@pytest.mark.parametrize(
    ("text", "annotation"),
    [
        ("2026-01-31", date),
        (str(UUID(int=5)), UUID),
        ("red", Colour),
        ("20", Level),
        ("1", Weekday),
        ("1", Literal["a", 1]),
        ("/tmp", Path),  # noqa: S108  # nothing is written there
        ("1,2", set[int]),
        ("1,2", tuple[int, str]),
    ],
)
def test_pydantic_takes_what_is_handed_on(text: str, annotation: object) -> None:
    """What is decoded, with spaces around it, suits its type."""
    assert is_valid(decode(text if annotation is Path else f" {text} ", annotation), annotation)


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        ("5", int | str, 5),
        ("5", str | int, 5),
        ("five", str | int, "five"),
        ("5.5", int | float, 5.5),
        ("1", bool | int, True),
        ("1", int | bool, 1),
        ("yes", int | bool, True),
        ("15m", int | timedelta | None, timedelta(minutes=15)),
        ("auto", Literal["auto"] | int, "auto"),
        ("4", Literal["auto"] | int, 4),
        ("*", Literal["*"] | list[str], "*"),
        ("a,b", bool | list[str], ["a", "b"]),
        ("no", list[str] | bool, False),
        ("a,b", list[str] | str, "a,b"),
        ('["a"]', list[str] | str, ["a"]),
        ('{"a": "1"}', list[str] | dict[str, int], {"a": 1}),
        ("a=1", dict[str, int] | list[str], {"a": 1}),
        ('{"x": 1}', list[str] | Point, {"x": 1}),
        ('{"x": 1}', Point | Peer, {"x": 1}),
        ("[", list[int] | str, "["),
        (" a ", str | Path, " a "),
    ],
)
def test_unions(text: str, annotation: object, value: object) -> None:
    """A union is the listed literal, the first type that can read the text, or the text if that is allowed."""
    found = decode(text, annotation)
    assert found == value
    assert type(found) is type(value)


def test_a_union_that_cannot_be_read_names_its_types() -> None:
    """When no member can read the text, the message says what was tried."""
    assert refusal("x", int | timedelta) == ("value.union", '"x" is neither an integer nor a duration.')
    assert refusal("x", bool | list[int]) == ("value.union", '"x" is neither a boolean nor a list.')
    assert refusal("x", dict[str, str] | Point)[1] == "the value is neither a mapping nor a JSON object."


@pytest.mark.parametrize("annotation", ANNOTATIONS)
def test_nul_is_refused(annotation: object) -> None:
    """No type takes a NUL byte."""
    assert refusal("a\0b", annotation)[0] == "value.nul"


@pytest.mark.parametrize("annotation", ANNOTATIONS)
def test_bytes_that_are_not_utf8_are_refused(annotation: object) -> None:
    """Python hides them in surrogates; no type takes those, and no message shows the text."""
    assert refusal("a\udcff", annotation) == (
        "value.encoding",
        "the value holds bytes that are not UTF-8; set it as UTF-8 text.",
    )


@pytest.mark.parametrize(
    ("annotation", "unset"),
    [
        (str, False),
        (str | None, False),
        (Annotated[str, Field(max_length=5)], False),
        (int, True),
        (int | None, True),
        (bool, True),
        (list[str], True),
        (SecretStr, True),
        (SecretURL | None, True),
        (Path, True),
        (Literal["a"], True),
        (str | int, True),
        (Colour, True),
    ],
)
def test_the_empty_text_is_a_value_for_plain_text_alone(annotation: object, *, unset: bool) -> None:
    """An empty variable is as good as none, unless the leaf is a plain text; a variable with text is set."""
    assert is_unset("", annotation) is unset
    assert not is_unset(" ", annotation)
    assert not is_unset("a", annotation)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a" * 60, "a" * 60),
        ("a" * 61, "a" * 59 + "…"),
        ("a\nb\x1b[0m\x7f\u202e", r"a\nb\x1b[0m\x7f\u202e"),
        ("{x}", "{x}"),
        ("redis://:pass word@host, redis://u:p/@h", "redis://:***@h"),
        ("redis://u:" + "p" * 80 + "@host/0", "redis://u:***@host/0"),
        ("://:" * 100_000, "://:" * 14 + "://…"),
        ("é", "é"),
    ],
)
def test_texts_are_shown_on_one_line(text: str, shown: str) -> None:
    """A message shows at most 60 characters, and nothing that would steer a terminal."""
    assert refusal(text, bool)[1] == f'"{shown}" is not a boolean; use true or false.'


@pytest.mark.parametrize(
    ("text", "annotation"),
    [
        (f"{CANARY},,x", list[SecretStr]),
        (f'["{CANARY}"', list[SecretStr]),
        (CANARY, dict[str, SecretStr]),
        (f"{CANARY}=a,{CANARY}=b", dict[str, SecretStr]),
        (f'{{"token": "{CANARY}"', Peer),
        (f"a={CANARY}", dict[str, Peer]),
        (f'{{"token": "{CANARY}"}},,', list[Peer]),
        (f"{CANARY},,", list[ApiKey]),
        (f"{CANARY},,", list[SecretURL] | None),
        (CANARY, Point | Limits),
        (f"{CANARY}\0", str),
    ],
)
def test_secrets_stay_out_of_messages(text: str, annotation: object) -> None:
    """A type that hides itself, or has room for one that does, is hidden in messages without being asked."""
    assert CANARY not in refusal(text, annotation)[1]


@pytest.mark.parametrize(
    ("annotation", "is_secret"),
    [
        (SecretStr, True),
        (ApiKey, True),
        (list[ApiKey] | None, True),
        (dict[str, Peer], True),
        (dict[str, Node], False),
        (UserId, False),
        (Literal["token"], False),
    ],
)
def test_a_type_is_secret_by_any_of_its_parts(annotation: object, *, is_secret: bool) -> None:
    """A type hides itself when an alias, an item or a field of it does."""
    assert is_secret_type(annotation) is is_secret


@pytest.mark.parametrize("annotation", ANNOTATIONS)
@pytest.mark.parametrize(
    "text", [CANARY, f"{CANARY},,", f"[{CANARY}", f'["{CANARY}"]', f"{CANARY}=1,{CANARY}=2", f'{{"{CANARY}": "x"}}']
)
def test_a_variable_marked_secret_stays_out_of_messages(text: str, annotation: object) -> None:
    """With ``is_secret`` no message holds any of the text, whatever the type, and no exception hangs on to it."""
    error = refusal_or_none(text, annotation, is_secret=True)
    if error is not None:
        assert CANARY not in error.message()
        assert error.__context__ is None


@given(text=st.text(), annotation=st.sampled_from(ANNOTATIONS))
def test_any_text_is_read_or_refused(text: str, annotation: object) -> None:
    """No text makes anything happen but a value or a refusal with an id of ours."""
    error = refusal_or_none(text, annotation)
    assert error is None or error.type.startswith("value.")


@given(st.lists(st.text(st.characters(exclude_characters=",\0", codec="utf-8"), min_size=1)))
def test_joined_items_come_back(items: list[str]) -> None:
    """A list joined by commas is read as its items, trimmed."""
    items = [stripped for item in items if (stripped := item.strip())]
    text = ", ".join(items)
    if not text.startswith("["):
        assert decode(text, list[str]) == items


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_characters="\0")), st.lists)
)
def test_json_lists_come_back(value: object) -> None:
    """A JSON list of anything is read as that."""
    assert decode(json.dumps([value]), list[object]) == [value]


@given(st.dictionaries(st.text(st.characters(exclude_characters="\0")), st.integers()))
def test_json_objects_come_back(value: dict[str, int]) -> None:
    """A JSON object is read as the mapping it was written from."""
    assert decode(json.dumps(value), dict[str, int]) == value


@given(
    st.dictionaries(
        st.text(st.characters(exclude_characters=",=\0{", codec="utf-8"), min_size=1).filter(
            lambda key: key == key.strip()
        ),
        st.text(st.characters(exclude_characters=",\0", codec="utf-8")).map(str.strip),
    )
)
def test_joined_pairs_come_back(value: dict[str, str]) -> None:
    """A mapping written as pairs is read as it was."""
    assert decode(",".join(f"{name}={item}" for name, item in value.items()), dict[str, str]) == value


@given(st.integers())
def test_integers_come_back(value: int) -> None:
    """Every integer is read as it prints."""
    assert decode(str(value), int) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back(value: float) -> None:
    """Every finite number is read as it prints."""
    assert decode(repr(value), float) == value


@given(st.timedeltas(timedelta(0), timedelta(days=100_000)), st.sampled_from([1, -1]))
def test_durations_come_back(value: timedelta, sign: int) -> None:
    """A duration written with units, as ISO 8601 or in seconds is read as it was."""
    minus = "-" if sign < 0 else ""
    hours, rest = divmod(value.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    fraction = f"{seconds}.{value.microseconds:06}"
    written = [
        f"{minus}{value.days}d{hours}h{minutes}m{fraction}s",
        f"{minus}{value.days // 7}w {value.days % 7}d {hours}h {minutes}m {seconds}s {value.microseconds / 1000}ms",
        f"{minus}P{value.days}DT{hours}H{minutes}M{fraction}S",
        f"{minus}{value.days * 86400 + value.seconds}.{value.microseconds:06}",
    ]
    assert [decode(text, timedelta) for text in written] == [sign * value] * 4
