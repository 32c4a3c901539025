"""Asking gateways about payments of which nothing was heard."""

from datetime import timedelta

import structlog

from services.portal.actions.notifications import LATER, take_notice
from services.portal.actions.paying import claim_to_ask, expire_payment
from services.portal.clients.gateways import GatewayUnavailable
from services.portal.clients.gateways.choosing import Gateways
from services.portal.queries.paying import list_to_ask
from services.portal.rules.gateways import PENDING, Order
from shared import clock
from shared.db import Database

GIVEN_UP_AFTER = timedelta(days=1)
"""So long a payment waits of which its gateway knows nothing."""
ASKED_AT_ONCE, JUST_ASKED = 50, timedelta(minutes=1)

log = structlog.get_logger(__name__)


class Reconciler:
    """Asks the gateways about payments of which nothing was heard, so that a lost notification loses no payment."""

    def __init__(self, db: Database, gateways: Gateways, zone: str) -> None:
        self._db, self._gateways, self._zone = db, gateways, zone

    def run(self) -> bool:
        """Ask about some; whether there may be more to ask about."""
        now = clock.now()
        with self._db.read() as session:
            orders = list_to_ask(session, now, ASKED_AT_ONCE)
        if not orders:
            return False
        with self._db.write() as session:
            mine = claim_to_ask(session, [order.intent_id for order in orders], now - JUST_ASKED, now)
        silent: set[str] = set()
        for order in orders:
            if order.intent_id in mine and order.gateway not in silent:
                try:
                    self._ask(order)
                except GatewayUnavailable as error:  # not again and again: each waits for its answer
                    silent.add(order.gateway)
                    log.warning("gateway_unavailable", gateway=error.gateway, reason=error.reason)
        return len(orders) == ASKED_AT_ONCE

    def _ask(self, order: Order) -> None:
        gateway = self._gateways.get(order.gateway)
        notice = gateway.look_up(order) if gateway else None  # no transaction is open meanwhile
        verdict = ""
        if notice is not None:
            with self._db.write() as session:
                verdict = take_notice(session, notice, clock.today(self._zone), asked=True)
            log.info("gateway_answer", gateway=order.gateway, reference=order.reference, verdict=verdict)
        may_come = notice is not None and (notice.state == PENDING or verdict == LATER)
        if clock.now() - order.created_at > GIVEN_UP_AFTER and not may_come:
            with self._db.write() as session:
                expire_payment(session, order.intent_id)
