"""The secrets of one page: sealed for the document, masked for readers, revealed one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from appliance.settings.declare import Fields, Page, declared
from appliance.settings.mend import DEFAULT, Mended
from appliance.settings.problems import FieldProblem, SettingsError
from appliance.settings.secret import SEALED, is_sealed, masked
from appliance.settings.vault import Vault, VaultError
from appliance.text import _


def secret_names(model: type[Fields]) -> frozenset[str]:
    """Return the names of a model's secret fields."""
    return frozenset(
        name for name, info in model.model_fields.items() if declared(info).get("secret")
    )


class SecretsOf:
    """Knows where a page keeps secrets: in its own fields and in those of its list's entries."""

    def __init__(self, page: type[Page], vault: Vault) -> None:
        self._page = page.spec.name
        self._model = page
        self._vault = vault
        self._collection = page.spec.collection.field if page.spec.collection else ""
        self._own = secret_names(page)
        self._items = secret_names(page.item_model()) if self._collection else frozenset()
        self.names = self._own | self._items

    def seal(self, values: dict[str, Any]) -> tuple[dict[str, Any], list[Mended]]:
        """Return values with clear secrets sealed; sealed ones that do not open are emptied."""
        notes: list[Mended] = []

        def seal(value: Any, place: str) -> Any:
            if not is_sealed(value):
                return {SEALED: self._vault.seal(str(value), place)} if value else ""
            try:
                self._vault.open_sealed(value[SEALED], place)
            except VaultError:
                path = place.partition("/")[2].replace("/", ".")
                path = f"{self._collection}.{path}" if "." in path else path
                text = _("was not sealed by this box and has to be entered again")
                notes.append(Mended(self._page, path, "sealed", text, DEFAULT))
                return ""
            return value

        return self._map(values, seal), notes

    def mask(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return values with each secret as {"set": bool}."""
        return self._map(values, lambda value, _place: masked(value))

    def unmask(self, target: dict[str, Any], changes: Mapping[str, Any]) -> None:
        """Take {"set": ...} out of `changes`: such a secret stays as it is in `target`."""
        if not isinstance(changes, dict):
            return
        for name in self.names:
            if _is_mask(changes.get(name)):
                changes[name] = target.get(name, "")
        entries = changes.get(self._collection) if self._collection else None
        known = {_id(entry): entry for entry in target.get(self._collection, ())}
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict):
                self.unmask(known.get(_id(entry), {}), entry)

    def misdirected(
        self, before: Mapping[str, Any], values: Mapping[str, Any]
    ) -> list[FieldProblem]:
        """Return each entry whose secret, kept as it is, would go where it was not entered for.

        `values` are to take the place of `before`, unmasked (see `Fields.guard`).
        """
        if not self._items:
            return []
        known = {_id(entry): entry for entry in before.get(self._collection, ())}
        listed, found = values.get(self._collection), []
        for number, entry in enumerate(listed if isinstance(listed, list) else ()):
            old = known.get(_id(entry))
            if old is not None:
                whole = {**dict.fromkeys(self._items, ""), **entry}
                changes = {name: new for name, new in whole.items() if new != old.get(name)}
                for conflict in self._model.item_model().guard(old, changes):
                    problem = FieldProblem.of(conflict)
                    path: tuple[str | int, ...] = (self._collection, number, *problem.path)
                    found.append(replace(problem, path=path))
        return found

    def keep(self, before: Mapping[str, Any], values: dict[str, Any]) -> None:
        """Unmask whole `values` from `before`; what must not go along has to be entered again."""
        self.unmask(dict(before), values)
        for problem in self.misdirected(before, values):
            field, number, name = problem.path
            values[str(field)][number][name] = ""

    def reveal(self, values: Mapping[str, Any], item: int | str | None, field: str) -> str:
        """Return a secret in clear, "" where none is set; raise SettingsError."""
        names = self._own if item is None else self._items
        if field not in names:
            raise SettingsError("settings.not_secret", _("This is not a secret field."))
        value: Any = values.get(field)
        if not is_sealed(value):
            return ""
        try:
            return self._vault.open_sealed(value[SEALED], self._place(item, field))
        except VaultError as error:
            raise SettingsError("settings.sealed", str(error)) from None

    def places(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Return the secrets of a page in clear by place, for an export sealed otherwise."""
        found: dict[str, str] = {}

        def note(value: Any, place: str) -> Any:
            if is_sealed(value):
                found[place] = self._vault.open_sealed(value[SEALED], place)
            return value

        self._map(dict(values), note)
        return found

    def fill(self, values: dict[str, Any], secrets: Mapping[str, str]) -> dict[str, Any]:
        """Return values with the secrets of an import in clear; without one, as they are here."""

        def put(value: Any, place: str) -> Any:
            return secrets.get(place, value) if _is_mask(value) else value

        return self._map(values, put)

    def settle(self, before: Mapping[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        """Return sealed `values`, each secret that is the same as before with its former seal."""
        former: dict[str, Any] = {}

        def note(value: Any, place: str) -> Any:
            if is_sealed(value):
                former[place] = value
            return value

        def keep(value: Any, place: str) -> Any:
            old = former.get(place)
            if old is None or not is_sealed(value):
                return value
            try:
                clear = [self._vault.open_sealed(one[SEALED], place) for one in (old, value)]
            except VaultError:
                return value
            return old if clear[0] == clear[1] else value

        self._map(dict(before), note)
        return self._map(values, keep) if former else values

    def _place(self, item: int | str | None, field: str) -> str:
        return f"{self._page}/{field}" if item is None else f"{self._page}/{item}/{field}"

    def _map(self, values: dict[str, Any], change: Callable[[Any, str], Any]) -> dict[str, Any]:
        result = dict(values)
        for name in self._own:
            result[name] = change(result.get(name, ""), self._place(None, name))
        if self._collection and self._items:
            entries = []
            listed = result.get(self._collection)
            for entry in listed if isinstance(listed, list) else ():
                if not isinstance(entry, dict) or _id(entry) is None:
                    entries.append(entry)
                    continue
                copied = dict(entry)
                for name in self._items:
                    copied[name] = change(copied.get(name, ""), self._place(entry["id"], name))
                entries.append(copied)
            result[self._collection] = entries
        return result


def _is_mask(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"set"}


def _id(entry: Any) -> Any:
    found = entry.get("id") if isinstance(entry, dict) else None
    return found if isinstance(found, int | str) else None
