"""Mailer: every letter, from the wait to its end.

It owns the letters, their attempts, the queue with its pause and limits, and the keys for which secrets are sealed.
It hears `CredentialIssued`, `CredentialRevoked` and `RecoveryRequested` from identity and `PartyDeactivated` from the
directory. It emits `LetterSent`, `LetterCancelled`, `LetterFailed` and `LetterBounced`.
"""
