"""What ships beside the program is told the same way in the page and in the box."""

from pathlib import Path

from appliance.licences import SHIPPED

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "licences.md"


def test_the_box_tells_the_licences_of_the_page():
    rows = [
        tuple(cell.strip() for cell in line.strip("|\n ").split(" | "))
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and not line.startswith("| what")
    ]
    assert [(row[0], row[2]) for row in rows] == [(one.name, one.licence) for one in SHIPPED]
