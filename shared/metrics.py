"""Numbers for Prometheus. Each process keeps its own and shows them on its own port; one process per container."""

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Histogram, generate_latest

REQUESTS = Counter("porteria_http_requests", "Answered requests.", ["service", "method", "route", "status"])
LATENCY = Histogram(
    "porteria_http_request_seconds",
    "Time from the arrival of a request to its answer.",
    ["service", "method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
CALLS = Counter("porteria_service_calls", "Calls to other services.", ["target", "method", "outcome"])


def observe_request(service: str, method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request. `route` is the rule, not the path: paths would be endless."""
    REQUESTS.labels(service, method, route, str(status)).inc()
    LATENCY.labels(service, method, route).observe(seconds)


def exposition() -> tuple[bytes, str]:
    """What `/metrics` answers: the body and its content type."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
