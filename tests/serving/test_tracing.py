"""Traces as a collector gets them: a local server that speaks OTLP over HTTP."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.serving.conftest import serving

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def collector() -> Iterator[tuple[str, list[Any]]]:
    spans: list[Any] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                name = {a.key: a.value.string_value for a in resource.resource.attributes}["service.name"]
                spans.extend((name, span) for scope in resource.scope_spans for span in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", spans
    server.shutdown()


def test_a_request_is_a_span_with_its_steps_in_the_callers_trace(
    collector: tuple[str, list[Any]], table_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, spans = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
    with serving(table_folder, tmp_path) as client:
        caller = {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-ID": "traced"}
        client.post("/predict", json={"facts": {"a": 1}}, headers=caller)
    assert {name for name, _ in spans} == {"sensorium"}
    by_name = {span.name: span for _, span in spans}
    request = by_name.pop("POST predict")
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (TRACE, PARENT)
    attributes = {attribute.key: attribute.value for attribute in request.attributes}
    assert attributes["sensorium.request_id"].string_value == "traced"
    assert attributes["http.response.status_code"].int_value == 200
    assert set(by_name) == {"read", "decode", "wait", "encode", "fuse"}
    for step in by_name.values():
        assert (step.trace_id, step.parent_span_id) == (request.trace_id, request.span_id)
        assert request.start_time_unix_nano - 10**6 <= step.start_time_unix_nano <= step.end_time_unix_nano


def test_without_an_endpoint_nothing_is_made(
    collector: tuple[str, list[Any]], table_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    with serving(table_folder, tmp_path) as client:
        assert client.post("/predict", json={"facts": {"a": 1}}).status_code == 200
    assert collector[1] == []
