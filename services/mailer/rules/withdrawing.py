"""Why a letter that waited does not go: what is kept as its outcome, and told to other services."""

CREDENTIAL_REVOKED, PARTY_DEACTIVATED, TAKEN_OVER = "credential_revoked", "party_deactivated", "replaced"
OUTRUN = "outrun"
"""It was to say something newer than a letter that had left, or ended, already."""
PAID, VOIDED, DISPUTED = "paid", "voided", "disputed"
INVITATION_ENDED, STOPPED = "invitation_ended", "stopped"
WITHDRAWN = "withdrawn"
"""The portal took it back and gave a reason that is not known here."""
REASONS_OF_NOTICES = (PAID, VOIDED, DISPUTED, INVITATION_ENDED, STOPPED)


def reason_of(told: str) -> str:
    """The reason as it is kept: one that is known."""
    return told if told in REASONS_OF_NOTICES else WITHDRAWN
