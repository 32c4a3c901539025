"""What both brokers promise."""

import pytest

from shared.bus import (
    BrokerUnavailable,
    DeadLetter,
    declare_topology,
    list_dead,
    open_publisher,
    queue_depth,
    resend_dead,
    send_dead,
)
from shared.bus.messages import Delivery
from tests.support.bus import HEARD, listening, messages
from tests.support.waiting import wait_until


@pytest.fixture(params=["embedded", "rabbitmq"])
def broker_url(request, tmp_path) -> str:
    return (
        f"embedded://{tmp_path}/broker.db" if request.param == "embedded" else request.getfixturevalue("rabbitmq_url")
    )


def publish(broker_url, bodies, routing_key=HEARD):
    with open_publisher(broker_url) as publisher:
        return publisher.publish(messages(bodies, routing_key))


def test_an_event_reaches_those_who_hear_it_and_nobody_else(broker_url):
    assert publish(broker_url, [1, 2]) == {"1", "2"}

    wait_until(lambda: queue_depth(broker_url, "mailer") == 2)
    wait_until(lambda: queue_depth(broker_url, "directory") == 2)
    assert queue_depth(broker_url, "identity") == queue_depth(broker_url, "portal") == 0


def test_a_version_that_nobody_knows_yet_arrives_too(broker_url):
    publish(broker_url, [1], HEARD.replace(".v1", ".v9"))
    wait_until(lambda: queue_depth(broker_url, "mailer") == 1)


def test_an_event_that_nobody_hears_is_confirmed(broker_url):
    assert publish(broker_url, [1], "external.somebody.SomethingHappened.v1") == {"1"}


def test_declaring_again_changes_nothing(broker_url):
    publish(broker_url, [1])
    declare_topology(broker_url)
    wait_until(lambda: queue_depth(broker_url, "mailer") == 1)


def test_messages_come_in_order_and_in_batches_that_are_not_waited_for(broker_url):
    publish(broker_url, range(120))
    wait_until(lambda: queue_depth(broker_url, "mailer") == 120)

    with listening(broker_url, "mailer", batch=50) as heard:
        wait_until(lambda: len(heard.bodies) == 120)
        publish(broker_url, [120])
        wait_until(lambda: len(heard.bodies) == 121)

    assert heard.bodies == [b"%d" % number for number in range(121)]
    assert max(map(len, heard.batches)) == 50
    assert heard.batches[-1] == [b"120"]
    assert queue_depth(broker_url, "mailer") == 0


def test_a_handled_message_does_not_come_again(broker_url):
    publish(broker_url, [1])
    with listening(broker_url, "mailer") as heard:
        wait_until(lambda: heard.bodies)
    publish(broker_url, [2])
    with listening(broker_url, "mailer") as heard:
        wait_until(lambda: heard.bodies)
    assert heard.bodies == [b"2"]


def test_a_batch_whose_handling_fails_comes_again_until_it_succeeds(broker_url):
    failures = iter([RuntimeError("away"), RuntimeError("still away")])

    def fail_twice(_):
        if error := next(failures, None):
            raise error
        return []

    publish(broker_url, range(3))
    wait_until(lambda: queue_depth(broker_url, "mailer") == 3)
    with listening(broker_url, "mailer", fail_twice) as heard:
        wait_until(lambda: len(heard.batches) == 3)
    assert heard.batches == [[b"0", b"1", b"2"]] * 3
    assert queue_depth(broker_url, "mailer") == 0


def test_what_could_not_be_handled_is_back_in_the_queue_after_the_stop(broker_url):
    def fail(_):
        raise RuntimeError("away")

    publish(broker_url, range(3))
    with listening(broker_url, "mailer", fail) as heard:
        wait_until(lambda: heard.batches)
    wait_until(lambda: queue_depth(broker_url, "mailer") == 3)

    with listening(broker_url, "mailer") as heard:
        wait_until(lambda: len(heard.bodies) == 3)
    assert list_dead(broker_url, "mailer") == []


def refuse_odd(deliveries):
    return [DeadLetter(delivery, "odd") for delivery in deliveries if int(delivery.body) % 2]


def test_a_refused_message_is_kept_with_its_reason_and_the_rest_goes_on(broker_url):
    publish(broker_url, range(4))
    with listening(broker_url, "mailer", refuse_odd) as heard:
        wait_until(lambda: len(heard.bodies) == 4)

    wait_until(lambda: len(list_dead(broker_url, "mailer")) == 2)
    for _look in range(2):  # looking changes nothing
        dead = list_dead(broker_url, "mailer")
        assert [letter.body for letter in dead] == [b"1", b"3"]
        assert dead[0].headers["porteria-reason"] == "odd"
        assert dead[0].headers["porteria-routing-key"] == HEARD
        assert dead[0].headers["porteria-died-at"].endswith("+00:00")
        assert dead[0].content_type == "application/cloudevents+json"
    assert len(list_dead(broker_url, "mailer", limit=1)) == 1
    assert queue_depth(broker_url, "mailer") == 0


def test_dead_letters_go_back_to_their_own_service_alone(broker_url):
    publish(broker_url, range(4))
    wait_until(lambda: queue_depth(broker_url, "directory") == 4)
    with listening(broker_url, "mailer", refuse_odd) as heard:
        wait_until(lambda: len(heard.bodies) == 4)
    wait_until(lambda: len(list_dead(broker_url, "mailer")) == 2)

    assert resend_dead(broker_url, "mailer", limit=1) == 1
    assert resend_dead(broker_url, "mailer") == 1
    assert resend_dead(broker_url, "mailer") == 0

    assert list_dead(broker_url, "mailer") == []
    assert queue_depth(broker_url, "directory") == 4
    with listening(broker_url, "mailer") as heard:
        wait_until(lambda: sorted(heard.bodies) == [b"1", b"3"])


def test_a_letter_that_dies_again_still_tells_its_first_routing_key(broker_url):
    publish(broker_url, [1])
    for _time in range(2):
        with listening(broker_url, "mailer", refuse_odd) as heard:
            wait_until(lambda: heard.bodies == [b"1"])
        wait_until(lambda: list_dead(broker_url, "mailer"))
        assert list_dead(broker_url, "mailer")[0].headers["porteria-routing-key"] == HEARD
        resend_dead(broker_url, "mailer")


def test_what_anybody_may_send_can_be_dead_lettered(broker_url):
    headers = {f"name-{number}": "x" * 1000 for number in range(100)} | {"half": "\ud800", "list": [1, None]}
    delivery = Delivery(b"\xff\x00", HEARD, headers, None)
    declare_topology(broker_url)
    send_dead(broker_url, "mailer", [DeadLetter(delivery, "bad \udfff" * 10_000)])
    wait_until(lambda: list_dead(broker_url, "mailer"))
    assert list_dead(broker_url, "mailer")[0].body == b"\xff\x00"


@pytest.mark.parametrize("url", ["amqp://nobody:x@127.0.0.1:1/none", "embedded:///proc/none/broker.db"])
def test_a_broker_that_is_not_there_is_called_unavailable(url):
    for call in (
        lambda: declare_topology(url),
        lambda: open_publisher(url),
        lambda: queue_depth(url, "mailer"),
        lambda: list_dead(url, "mailer"),
        lambda: resend_dead(url, "mailer"),
    ):
        with pytest.raises(BrokerUnavailable):
            call()
