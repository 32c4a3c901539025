"""The people of the demo."""

from collections import Counter

from shared.documents import document_key
from shared.embedded.demo_data import people


def test_they_are_the_same_at_every_call():
    assert people(50) == people(50)
    assert people(50) == people(300)[:50]


def test_every_document_is_valid_and_nobody_elses():
    everybody = people(3000)
    keys = {(one["document_type"], document_key(one["document_type"], one["document_number"])) for one in everybody}
    assert len(keys) == len(everybody)
    assert {kind for kind, _ in keys} == {"CC", "NIT", "CE"}


def test_they_have_the_problems_of_life():
    everybody = people()
    owners = [one for one in everybody if "owner" in one["classes"]]
    addresses = Counter(one["emails"][0]["address"] for one in owners if one["emails"])
    assert any(count == 2 for count in addresses.values())
    assert any(not one["emails"] for one in owners)
    assert any(not one["active"] for one in owners)
    assert any(one["emails"] and one["emails"][0].get("state") == "bounced" for one in owners)
    assert any(one["classes"] == ["tenant", "owner"] for one in everybody)
    assert len(everybody) == 300
    assert all(sum(email["principal"] for email in one["emails"]) == 1 for one in everybody if one["emails"])
