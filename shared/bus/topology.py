"""Who hears what: per service the binding keys of its queue, the version as a wildcard."""

HEARS: dict[str, tuple[str, ...]] = {
    "directory": (
        "porteria.identity.CredentialIssued.*",
        "porteria.identity.CredentialActivated.*",
        "porteria.identity.CredentialRevoked.*",
    ),
    "identity": (
        "porteria.directory.PartyRegistered.*",
        "porteria.directory.PartyUpdated.*",
        "porteria.directory.PartyDeactivated.*",
        "porteria.mailer.LetterSent.*",
        "porteria.mailer.LetterCancelled.*",
        "porteria.mailer.LetterFailed.*",
        "porteria.mailer.LetterBounced.*",
    ),
    "mailer": (
        "porteria.identity.CredentialIssued.*",
        "porteria.identity.CredentialRevoked.*",
        "porteria.identity.RecoveryRequested.*",
        "porteria.directory.PartyDeactivated.*",
    ),
    "portal": (
        "porteria.directory.PartyRegistered.*",
        "porteria.directory.PartyUpdated.*",
        "porteria.directory.PartyDeactivated.*",
        "porteria.identity.CredentialRevoked.*",
        "porteria.identity.PasswordChanged.*",
    ),
}
