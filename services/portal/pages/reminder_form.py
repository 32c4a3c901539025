"""The forms of rules for reminders: of a class, and of one client."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext

from services.portal.pages.reminder_words import STEP_NAMES
from services.portal.pages.written import Written
from services.portal.rules.notices import REMINDER_DUE
from services.portal.rules.reminders import LEAST_DAYS, MOST_DAYS, STEPS, StepRule, out_of_order
from services.portal.schemas.fields import Wrong

AS_CLASS, OWN, NEVER = "class", "own", "never"


@dataclass
class ReminderForm(Written):
    """What was written about each step."""

    def label(self, name: str) -> str:
        """What a field is called."""
        return str(STEP_NAMES.get(name.removeprefix("days_"), ""))

    def days_of(self, kind: str, *, needed: bool) -> int:
        """The days of a step; of one that is off, a number that is none is forgiven."""
        if kind == REMINDER_DUE:
            return 0
        found = self.read(f"days_{kind}", _days) if needed else _forgiven(self.value(f"days_{kind}"))
        return found or LEAST_DAYS

    def check_order(self, rules: Iterable[StepRule]) -> None:
        """Each overdue notice comes after the ones before it."""
        for kind in out_of_order(list(rules)):
            text = gettext("Each overdue notice comes some days after the one before it.")
            self.errors.setdefault(f"days_{kind}", text)


class ClassForm(ReminderForm):
    """Each step on or off, with its days."""

    @classmethod
    def of_rules(cls, rules: Iterable[StepRule]) -> "ClassForm":
        """As they are stored."""
        found = cls()
        for rule in rules:
            found.values[f"days_{rule.kind}"] = str(rule.days)
            found.values |= {f"on_{rule.kind}": "yes"} if rule.enabled else {}
        return found

    def rules(self) -> list[StepRule]:
        """What is meant; where something is wrong `errors` says it."""
        on = {kind: self.value(f"on_{kind}") == "yes" for kind in STEPS}
        rules = [StepRule(kind, self.days_of(kind, needed=on[kind]), on[kind]) for kind in STEPS]
        if not self.errors:
            self.check_order(rules)
        return rules


class ClientForm(ReminderForm):
    """Each step as the class has it, with own days, or never."""

    @classmethod
    def of_rules(cls, rules: Iterable[StepRule]) -> "ClientForm":
        """As they are stored."""
        found = cls()
        for rule in rules:
            found.values[f"way_{rule.kind}"] = OWN if rule.enabled else NEVER
            found.values[f"days_{rule.kind}"] = str(rule.days) if rule.enabled else ""
        return found

    def rules(self) -> list[StepRule]:
        """What is meant; where something is wrong `errors` says it."""
        ways = {kind: self.value(f"way_{kind}") for kind in STEPS}
        rules = [
            StepRule(kind, self.days_of(kind, needed=way == OWN), way == OWN)
            for kind, way in ways.items()
            if way in (OWN, NEVER)
        ]
        if not self.errors:
            self.check_order(rules)
        return rules


def _days(text: str) -> int:
    days = _forgiven(text)
    if days is None:
        raise Wrong(gettext("Write a number of days from %(least)d to %(most)d.", least=LEAST_DAYS, most=MOST_DAYS))
    return days


def _forgiven(text: str) -> int | None:
    written = text.strip()
    if not (written.isascii() and written.isdigit()):
        return None
    return int(written) if len(written) < 4 and LEAST_DAYS <= int(written) <= MOST_DAYS else None
