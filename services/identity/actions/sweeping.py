"""Remove what sign-ins leave behind."""

from datetime import timedelta

from sqlalchemy import delete, or_
from sqlalchemy.orm import Session

from services.identity.actions.keys import forget_keys
from services.identity.models.oauth import AuthorizationCode
from services.identity.models.second_factor import CodeProof
from services.identity.models.staff import StaffInvitation, StaffSession
from shared.clock import now

CODES_KEPT = timedelta(hours=1)
"""A code that comes again has to be recognised while tokens that were issued for it last."""

SESSIONS_KEPT = timedelta(days=7)
LINKS_KEPT = timedelta(days=30)
"""So long the page of somebody who was invited tells when the link expired."""


def sweep_sign_ins(session: Session) -> None:
    """Delete old codes, proofs, sessions and links, and keys that are no longer published."""
    moment = now()
    session.execute(delete(CodeProof).where(CodeProof.expires_at < moment))
    session.execute(delete(AuthorizationCode).where(AuthorizationCode.expires_at < moment - CODES_KEPT))
    over = moment - SESSIONS_KEPT
    session.execute(delete(StaffSession).where(or_(StaffSession.expires_at < over, StaffSession.ended_at < over)))
    session.execute(delete(StaffInvitation).where(StaffInvitation.expires_at < moment - LINKS_KEPT))
    forget_keys(session)
