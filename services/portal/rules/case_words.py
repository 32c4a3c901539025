"""How PQRS are called: the texts to translate, for pages, letters and tables alike."""

from services.portal.rules import cases


def N_(text: str) -> str:  # noqa: N802 - the customary name of a marker that only extracts
    """Mark a text for extraction; whoever shows it translates it."""
    return text


KIND_NAMES = {
    cases.PETITION: N_("Petition"),
    cases.COMPLAINT: N_("Complaint"),
    cases.CLAIM: N_("Claim"),
    cases.SUGGESTION: N_("Suggestion"),
    cases.INFORMATION: N_("Information or documents"),
    cases.CONSULTATION: N_("Consultation"),
    cases.DATA_QUERY: N_("Personal data: query"),
    cases.DATA_CLAIM: N_("Personal data: claim"),
}
KIND_MEANINGS = {
    cases.PETITION: N_("You ask us to do or to decide something."),
    cases.COMPLAINT: N_("You are not content with how somebody of ours treated you."),
    cases.CLAIM: N_("Something that we owe you or do for you is not right: a repair, a charge, a service."),
    cases.SUGGESTION: N_("You have an idea how we could do something better."),
    cases.INFORMATION: N_("You need a certificate, a copy or an information that we have."),
    cases.CONSULTATION: N_("You want to know what we think about a matter of your contract."),
    cases.DATA_QUERY: N_("You want to know which of your personal data we keep, and what for."),
    cases.DATA_CLAIM: N_("You want your personal data corrected, updated or deleted."),
}
CLOSING_NAMES = {
    "solved": N_("Answered and solved"),
    "no_reply": N_("Answered, and nothing more was asked"),
    "withdrawn": N_("The client withdrew it"),
    "duplicate": N_("It is the same as another request"),
    "incomplete": N_("What was missing was not handed in"),
    "not_ours": N_("Handed on to whoever has to answer it"),
    "other": N_("Another reason"),
}
STATE_NAMES = {
    cases.UNANSWERED: N_("Not answered yet"),
    cases.WRITTEN_AGAIN: N_("The client wrote again"),
    cases.ANSWERED: N_("Answered"),
    cases.CLOSED: N_("Closed"),
}
