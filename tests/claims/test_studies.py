"""What holds of every study: its page is built, and its place is right."""

from __future__ import annotations

from gatewise.claims.studies import all_studies


def test_claims_have_numbers_and_names_of_their_own() -> None:
    claims = [study.claim for study in all_studies()]
    assert [claim.number for claim in claims] == sorted({claim.number for claim in claims})
    assert len({claim.name for claim in claims}) == len(claims)
    assert all(study.claim.literature and study.claim.design and study.minutes > 0 for study in all_studies())
