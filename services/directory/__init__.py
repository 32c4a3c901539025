"""The directory: the tenants and owners that everything else is about.

Owns: parties (their documents, names, addresses, e-mails) and the imports that fill it.
Emits: PartyRegistered, PartyUpdated, PartyDeactivated, each with the whole party.
Hears: CredentialIssued, CredentialActivated, CredentialRevoked, to know who has a key.
"""
