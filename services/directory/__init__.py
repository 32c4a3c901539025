"""The directory: the tenants and owners that everything else is about.

Owns: parties (their documents, names, addresses, e-mails and the state of each), the log of their changes, and the
imports that fill it.
Emits: PartyRegistered, PartyUpdated, PartyDeactivated, each with the whole party; AddressCleared; ActRecorded.
Hears: CredentialIssued, CredentialActivated, CredentialRevoked, ClientSignedIn, LetterSent and LetterFailed, to know
who has a key, uses it and gets letters; LetterBounced, AddressSuppressed, AddressReleased, to know the state of each
address.
"""
