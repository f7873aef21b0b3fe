"""What the page on personal data says is about the models there are."""

from project.tests.personal_data import described, fields_that_may_hold_a_person, without_person


def test_every_column_that_may_hold_a_person_is_described_and_no_other():
    named = {*described(), *without_person()}

    undescribed, gone = fields_that_may_hold_a_person() - named, named - fields_that_may_hold_a_person()
    assert undescribed == set(), "docs/privacy.md: describe them in the table, or under “Columns without a person”"
    assert gone == set(), "docs/privacy.md: these columns are gone"


def test_a_column_is_described_once():
    assert set(described()) & without_person() == set()


def test_an_erasure_does_one_of_three_things_to_a_column():
    assert set(described().values()) == {"blanked", "deleted", "stays"}
