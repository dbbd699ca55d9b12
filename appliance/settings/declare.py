"""How a settings page is declared: fields with all that forms, checks and the reference need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

EXTRA = "nvr"
"""Key of our own declarations in a field's JSON schema."""


class Widget(StrEnum):
    """How a form shows a field."""

    TEXT = "text"
    NUMBER = "number"
    SELECT = "select"
    SWITCH = "switch"
    PASSWORD = "password"  # noqa: S105 - the name of a widget
    URL = "url"
    SCHEDULE = "schedule"
    TIME_ZONE = "time_zone"
    DURATION = "duration"
    LIST = "list"
    DATE = "date"
    CHANNELS = "channels"
    TABLE = "table"
    LINES = "lines"
    REGIONS = "regions"
    GRID = "grid"
    AREA = "area"


class Restart(StrEnum):
    """What has to start anew before a change of the field takes effect."""

    NONE = ""
    WEB = "web"
    BOX = "box"


def setting(
    default: Any,
    *,
    title: str,
    help: str = "",  # noqa: A002 - the word of the form
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    choices: Mapping[Any, str] | None = None,
    widget: Widget | None = None,
    section: str = "",
    secret: bool = False,
    restart: Restart = Restart.NONE,
    capability: str = "",
    visible_when: Mapping[str, Sequence[Any]] | None = None,
    empty_title: str = "",
    placeholder: str = "",
    options: Mapping[str, Any] | None = None,
    synonyms: Sequence[str] = (),
    requirements: Sequence[str] = (),
) -> Any:
    """Declare one field of a page.

    `unit` is written behind the value; `minimum` and `maximum` are inclusive and in that unit.
    `choices` maps each allowed value to its title.  `capability` names what board or camera must
    have for the field to be shown; `visible_when` the values of other fields of the same form.
    `empty_title` says what None means, where the field may be None.  `options` are the widget's
    own.  `synonyms` are other words a person may search for.  `requirements` are the rows of the
    requirements the field satisfies.
    """
    extra: dict[str, Any] = {
        "unit": unit,
        "choices": dict(choices) if choices else None,
        "widget": widget,
        "section": section,
        "secret": secret,
        "restart": restart,
        "capability": capability,
        "visible_when": {k: list(v) for k, v in visible_when.items()} if visible_when else None,
        "empty_title": empty_title,
        "placeholder": placeholder,
        "options": dict(options) if options else {},
        "synonyms": list(synonyms),
        "requirements": list(requirements),
    }
    common: dict[str, Any] = {
        "title": title,
        "description": help,
        "ge": minimum,
        "le": maximum,
        "min_length": min_length,
        "max_length": max_length,
        "json_schema_extra": {EXTRA: extra},
    }
    if isinstance(default, list | dict | BaseModel):
        return Field(default_factory=_copier(default), **common)
    return Field(default, **common)


def _copier(default: Any) -> Any:
    if isinstance(default, BaseModel):
        return lambda: default.model_copy(deep=True)
    return lambda: type(default)(default)


def declared(info: FieldInfo) -> dict[str, Any]:
    """Return what `setting` noted beyond pydantic's own; empty for a plain pydantic field."""
    extra = info.json_schema_extra
    found = extra.get(EXTRA) if isinstance(extra, dict) else None
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Conflict:
    """Fields that are right each for itself but not together; `path` names the one to change.

    `mend` are values for fields beside it with which a damaged document makes sense again.
    `others` are the fields beside it that may be changed instead, each with the text for it: the
    conflict is told at the one that was changed, so that a person sees it where they are.
    """

    path: tuple[str | int, ...]
    code: str
    text: str
    mend: Mapping[str, Any] | None = None
    others: Mapping[str, str] = field(default_factory=dict)

    def below(self, at: tuple[str | int, ...]) -> Conflict:
        """Return the same as seen from further up."""
        return replace(self, path=(*at, *self.path))


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a form that can be folded away."""

    slug: str
    title: str
    advanced: bool = False


@dataclass(frozen=True, slots=True)
class Collection:
    """The list of a page that has one: entries with an id, added and removed one by one.

    `follows` names the page whose entries these accompany: they come and go with them.  `fixed`:
    the entries are parts of the box, which nobody but the box itself adds or removes.  With
    `columns` (names of fields) the list is shown as a table of these, each entry in a form of its
    own.
    """

    field: str
    item_title: str
    capacity: int
    follows: str = ""
    fixed: bool = False
    sections: Sequence[Section] = ()
    columns: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """A button of a page: a POST of `body` to `path` of the API below /api/v1.

    An answer with the `id` of a job is followed until that job has ended, any other request until
    it is answered.  `confirm` is asked first where it is not empty; `done` is said afterwards.
    `capability` names what board or camera must have for it to be shown.
    """

    slug: str
    title: str
    path: str
    help: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    confirm: str = ""
    done: str = ""
    job: bool = False
    capability: str = ""
    synonyms: Sequence[str] = ()


class ResetGroup(StrEnum):
    """What a page belongs to when settings are reset: a reset may leave the network as it is."""

    PLAIN = ""
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class PageSpec:
    """A page of the menu."""

    name: str
    title: str
    menu: str
    help: str = ""
    sections: Sequence[Section] = field(default_factory=tuple)
    collection: Collection | None = None
    actions: Sequence[Action] = ()
    group: ResetGroup = ResetGroup.PLAIN
    synonyms: Sequence[str] = ()


class Fields(BaseModel):
    """Base of everything that holds settings: unknown fields are mistakes, types are exact."""

    model_config = ConfigDict(extra="forbid", strict=True)

    def conflicts(self) -> Iterable[Conflict]:
        """Return what does not fit together; overridden where something might not.

        Groups and lists inside are asked by themselves.  Where required fields are wrong, they are
        missing here: a check that looks at one (AttributeError) has nothing more to say.
        """
        return ()

    @classmethod
    def guard(cls, before: Mapping[str, Any], changes: Mapping[str, Any]) -> list[Conflict]:
        """Return what a change must not do to the values before it; secrets there are sealed."""
        del before, changes
        return []

    @classmethod
    def tidy(cls, changes: dict[str, Any]) -> dict[str, Any]:
        """Return `changes` as a person meant them, before they are checked."""
        return changes


class Item(Fields):
    """An entry of a page's list; `id` never changes and is never given to another while it is."""

    id: int | str


class Page(Fields):
    """A page; `spec` says where it stands in the menu."""

    spec: ClassVar[PageSpec]

    @classmethod
    def item_model(cls) -> type[Item]:
        """Return the model of the list's entries; raise LookupError if the page has no list."""
        if cls.spec.collection is None:
            raise LookupError(f"page {cls.spec.name} has no list")
        model = group_in(cls.model_fields[cls.spec.collection.field])
        assert model is not None
        assert issubclass(model, Item)
        return model


def group_in(info: FieldInfo) -> type[Fields] | None:
    """Return the model of a group, or of the entries of a list; None for plain values."""
    for candidate in (info.annotation, *get_args(info.annotation)):
        if isinstance(candidate, type) and issubclass(candidate, Fields):
            return candidate
    return None
