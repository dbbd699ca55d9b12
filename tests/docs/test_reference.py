"""The generated pages agree with the code they are generated from."""

from scripts import reference


def test_no_generated_page_is_out_of_date():
    assert reference.stale() == []
