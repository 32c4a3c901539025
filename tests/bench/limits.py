"""What this machine can do when each step of the main job is done alone, as bare as it gets."""

import smtplib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import bcrypt
import psycopg

from shared import bus
from shared.bus import Message
from shared.db import new_id
from tests.support.postgres import plain

CORES = 2


def per_second(number: int, work: Callable[[], object]) -> float:
    """How many a second, if `work` does `number` of them."""
    began = time.perf_counter()
    work()
    return number / (time.perf_counter() - began)


def hashes(cost: int, number: int) -> float:
    """Bcrypt hashes a second on both cores."""
    salt = bcrypt.gensalt(cost)
    with ThreadPoolExecutor(CORES) as pool:
        return per_second(
            number, lambda: list(pool.map(lambda _: bcrypt.hashpw(b"k7mq-w3xn-9hpr-t4vd", salt), range(number)))
        )


def published(broker_url: str, number: int = 10_000) -> float:
    """Messages of the size of an event, published with confirms."""
    messages = [Message(str(new_id()), "bench.nobody.Listens.v1", b"x" * 1200, {}) for _ in range(number)]
    bus.declare_topology(broker_url)
    with bus.open_publisher(broker_url) as publisher:
        return per_second(number, lambda: publisher.publish(messages))


def copied(database_url: str, number: int = 10_000) -> float:
    """Rows of the size of a credential, copied into PostgreSQL in one transaction."""
    with psycopg.connect(plain(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE bare (id uuid PRIMARY KEY, party uuid, hash text, body bytea)")

        def copy() -> None:
            with cursor.copy("COPY bare FROM STDIN") as target:
                for _ in range(number):
                    target.write_row((new_id(), new_id(), "x" * 60, b"y" * 1200))
            connection.commit()

        return per_second(number, copy)


def sent(port: int, number: int = 2_000) -> float:
    """Letters built with the standard library and sent over one kept connection."""

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", port) as connection:
            for index in range(number):
                letter = MIMEMultipart("alternative")
                letter["Subject"], letter["From"], letter["To"] = "Bench", "a@example.com", f"b{index}@example.com"
                letter.attach(MIMEText("Usuario: x\n" * 20, "plain", "utf-8"))
                letter.attach(MIMEText("<p>Usuario: x</p>\n" * 60, "html", "utf-8"))
                connection.sendmail("a@example.com", f"b{index}@example.com", letter.as_bytes().replace(b"\n", b"\r\n"))

    return per_second(number, send)


def together(*rates: float) -> float:
    """The rate of doing all steps for each, one after the other, on the same processor."""
    return 1 / sum(1 / rate for rate in rates)
