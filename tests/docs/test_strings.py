"""Every text for people can be translated: one literal each, placeholders by name."""

import ast
import string

from appliance.settings.declare import Widget
from appliance.settings.forms import all_forms
from scripts import catalogue


def test_every_text_is_one_literal_whose_placeholders_have_names():
    formatter = string.Formatter()
    for text, places in catalogue.texts().items():
        assert text == text.strip(), places
        names = [name for _lead, name, _spec, _conversion in formatter.parse(text) if name == ""]
        assert not names, f"{places}: a placeholder without a name cannot be moved"


def test_the_template_holds_every_text_once():
    made = catalogue.template()
    assert made.count("\nmsgid ") == len(catalogue.texts())
    assert 'msgid "Sign out after"' in made


def test_a_text_that_is_put_together_is_refused(tmp_path, monkeypatch):
    (tmp_path / "appliance").mkdir()
    (tmp_path / "board").mkdir()
    (tmp_path / "appliance" / "a.py").write_text('_("one" + x)\n')
    monkeypatch.setattr(catalogue, "ROOT", tmp_path)
    try:
        catalogue.texts()
    except ValueError as error:
        assert "a.py:1" in str(error)
    else:
        raise AssertionError("a glued sentence was taken")


def test_titles_and_help_of_settings_are_texts_of_the_catalogue():
    known = catalogue.texts().keys()
    for form in all_forms():
        sections = [*form["sections"], *(form["collection"] or {"sections": []})["sections"]]
        for field in [field for section in sections for field in section["fields"]]:
            for text in (field["title"], field["help"], field["empty_title"]):
                assert not text or text in known, f"{form['page']}.{field['name']}: {text}"
            if field["widget"] == Widget.SWITCH:
                assert field["choices"] is None
        assert form["title"] in known
        assert not form["help"] or form["help"] in known


def test_declarations_hold_no_sentence_outside_of_the_catalogue():
    """`setting(title="...")` with a bare literal would never be translated."""
    for folder in ("settings/pages",):
        for path in sorted((catalogue.ROOT / "appliance" / folder).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.keyword) and node.arg in ("title", "help"):
                    bare = isinstance(node.value, ast.Constant) and node.value.value
                    assert not bare, f"{path.name}:{node.value.lineno}"
