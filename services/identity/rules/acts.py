"""Which acts a client reads about their own account."""

OF_OTHERS_FOR_CLIENTS = (
    "credential.issued",
    "credential.revoked",
    "link.revoked",
    "sessions.ended",
    "second_factor.removed",
    "contact.added",
    "contact.changed",
    "contact.removed",
    "sub_account.invited",
    "sub_account.suspended",
    "sub_account.resumed",
    "sub_account.switched_off",
    "invitation.revoked",
    "notices.stopped",
    "payment.recorded",
    "payment.reversed",
    "credit.applied",
    "report.accepted",
    "report.rejected",
    "fee.waived",
)
"""Beside what people of the client area did themselves: acts of the staff and the system that change who gets in, what
goes to whom, or the client's money. Internal notes, and who of the staff looked at what, are not among them."""
