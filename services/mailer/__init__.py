"""Mailer: every letter, from the wait to its end.

It owns the letters, their attempts and templates, the queue with its pause and limits, the list of suppressed
addresses, and the keys for which secrets are sealed. It hears `CredentialIssued`, `CredentialRevoked`,
`RecoveryRequested` and `StaffInvited` from identity, `PartyDeactivated` and `AddressCleared` from the directory,
`NoticeRaised` from the portal, and `LetterRequested` from other systems. It emits `LetterSent`, `LetterCancelled`,
`LetterFailed`, `LetterBounced`, `AddressSuppressed` and `AddressReleased`.
"""
