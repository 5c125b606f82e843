"""OpenTelemetry traces, sent where ``OTEL_EXPORTER_OTLP_ENDPOINT`` says; without it nothing is made."""

import os
from collections.abc import Callable

from opentelemetry import trace

VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
NAME = "sensorium.serving"


def start() -> tuple[trace.Tracer, Callable[[], None]]:
    """A tracer, and what sends the last spans when the service ends.

    BentoML installs a tracer provider of its own that samples nothing, so this one is kept apart from it.
    """
    if not any(os.environ.get(name) for name in VARIABLES):
        return trace.NoOpTracer(), lambda: None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", "sensorium")})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer(NAME), provider.shutdown
