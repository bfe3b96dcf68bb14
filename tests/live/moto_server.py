"""A moto server on loopback with a front that counts what was sent, and can fail as AWS and networks do."""

import os
import re
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from json import loads
from typing import Any
from urllib.parse import parse_qs

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

EXPIRATION = re.compile(rb"(?<=<Expiration>)[^<]+")
REGION = re.compile(r"Credential=[^/]+/\d+/([^/]+)/")
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # a few hundred images, read anew for each region of each test
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}


@dataclass(frozen=True)
class Sent:
    """One request as it came over the wire."""

    action: str
    region: str


@dataclass
class Fault:
    """What happens instead of an answer, to the next `times` requests of an action in a region ("" is all)."""

    action: str
    region: str = ""
    code: str = "RequestLimitExceeded"
    status: int = 503
    times: int = 1_000
    drop: bool = False
    """Let moto do it, then close the connection without an answer."""


@dataclass
class MotoServer:
    """The running server; `sent` is every request since the last `reset`."""

    url: str = ""
    sent: list[Sent] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    pretended: dict[str, Callable[[str, dict[str, Any]], str]] = field(default_factory=dict)
    """What moto lacks: the answer to an action, from its region and parameters."""
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    """Those of the first account, by service and region: each takes a tenth of a second to make."""
    expiration: str = ""
    """When the credentials of assumed roles run out, ISO 8601; "" leaves it to moto."""

    def reset(self) -> None:
        """Forget machines, requests and faults."""
        self.post("reset")
        self.expiration = ""
        self.faults.clear()
        self.pretended.clear()
        self.sent.clear()

    def post(self, path: str, body: bytes = b"") -> None:
        """Call one of moto's own endpoints."""
        plain = {"Content-Type": "text/plain"}
        request = urllib.request.Request(f"{self.url}/moto-api/{path}", data=body, headers=plain)
        urllib.request.urlopen(request, timeout=30).close()

    def fail(self, action: str, region: str = "", **how: Any) -> None:
        """Make an action fail from now on."""
        self.faults.append(Fault(action, region, **how))

    def count(self, action: str, region: str = "") -> int:
        """How often an action was sent."""
        return sum(1 for sent in self.sent if sent.action == action and region in {"", sent.region})

    def client(self, service: str, region: str = "us-east-1", account: str | None = None) -> Any:
        """A plain client, to arrange things with; in another account by its number."""
        if account is None:
            if (service, region) not in self.clients:
                self.clients[service, region] = boto3.client(service, region_name=region, endpoint_url=self.url)
            return self.clients[service, region]
        role = f"arn:aws:iam::{account}:role/arranger"
        made = self.client("sts").assume_role(RoleArn=role, RoleSessionName="arranger")["Credentials"]
        keys = {
            "aws_access_key_id": made["AccessKeyId"],
            "aws_secret_access_key": made["SecretAccessKey"],
            "aws_session_token": made["SessionToken"],
        }
        return boto3.client(service, region_name=region, endpoint_url=self.url, **keys)

    def fault_for(self, sent: Sent) -> Fault | None:
        """The fault that hits this request, if one does; it is used up by that."""
        for fault in self.faults:
            if fault.times and fault.action == sent.action and fault.region in {"", sent.region}:
                fault.times -= 1
                return fault
        return None


def _unsized(start_response: Any) -> Any:
    # The length changes with the expiration.
    return lambda status, headers, *more: start_response(
        status, [pair for pair in headers if pair[0].lower() != "content-length"], *more
    )


def _parameters(body: bytes, *, json: bool) -> dict[str, Any]:
    if json:
        parsed: dict[str, Any] = loads(body)
        return parsed
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


class _Quiet(MotoRequestHandler):
    """Moto's handler without a line per request."""

    def log_request(self, *_: Any) -> None:
        pass


def _front(server: MotoServer, moto: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = BytesIO(body)
        region = REGION.search(environ.get("HTTP_AUTHORIZATION", ""))
        if region is None:
            return moto(environ, start_response)
        # CloudWatch's requests are JSON and name their operation in a header.
        target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        sent = Sent(target or parse_qs(body.decode()).get("Action", [""])[0], region[1])
        server.sent.append(sent)
        fault = server.fault_for(sent)
        if fault is None and sent.action in server.pretended:
            start_response("200 OK", [("Content-Type", "application/x-amz-json-1.1" if target else "text/xml")])
            return [server.pretended[sent.action](sent.region, _parameters(body, json=bool(target))).encode()]
        if fault is None and sent.action == "AssumeRole" and server.expiration:
            return [
                EXPIRATION.sub(server.expiration.encode(), part) for part in moto(environ, _unsized(start_response))
            ]
        if fault is None:
            return moto(environ, start_response)
        if fault.drop:
            list(moto(environ, lambda *_: None))
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return []
        return [_failure(fault, start_response, json=bool(target))]

    return answer


def _failure(fault: Fault, start_response: Any, *, json: bool) -> bytes:
    if json:
        start_response(f"{fault.status} Fault", [("Content-Type", "application/x-amz-json-1.0")])
        return f'{{"__type": "{fault.code}", "message": "as arranged"}}'.encode()
    start_response(str(fault.status) + " Fault", [("Content-Type", "text/xml")])
    error = f"<Error><Code>{fault.code}</Code><Message>as arranged</Message></Error>"
    return f"<Response><Errors>{error}</Errors><RequestID>1</RequestID></Response>".encode()


@contextmanager
def moto_server() -> Iterator[MotoServer]:
    """A server on a free port of 127.0.0.1, in a thread, gone at the end."""
    server = MotoServer()
    app = _front(server, DomainDispatcherApplication(create_backend_app))
    wsgi = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.url = f"http://127.0.0.1:{wsgi.server_port}"
    thread = threading.Thread(target=wsgi.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        wsgi.shutdown()
        thread.join()
        wsgi.server_close()


def launch(client: Any, kind: str, name: str = "", **more: Any) -> str:
    """Launch one instance and return its id. Keywords go into RunInstances; `tags` are more tags."""
    tags = {**({"Name": name} if name else {}), **more.pop("tags", {})}
    if tags:
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        more["TagSpecifications"] = [{"ResourceType": "instance", "Tags": pairs}]
    made = client.run_instances(ImageId="ami-12345678", InstanceType=kind, MinCount=1, MaxCount=1, **more)
    return str(made["Instances"][0]["InstanceId"])
