"""A unary gRPC call to a configuration server on the same machine, over TCP and over a Unix socket.

Run as a module it is that server: `python -m benches.peers.grpc VALUES_FILE SOCKET`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from benches.peers import KEY, Read, ready, until_stopped
from configedge.cli.processes import Service

SERVICE, METHOD = "bench.Config", "Get"


@contextmanager
def reads(values: Mapping[str, float], scratch: Path) -> Iterator[list[Read]]:
    grpc, wrappers = import_module("grpc"), import_module("google.protobuf.wrappers_pb2")
    file, socket = scratch / "grpc.json", scratch / "grpc.sock"
    file.write_text(json.dumps(values))
    command = [sys.executable, "-m", "benches.peers.grpc", str(file), str(socket)]
    server = Service("gRPC server", command, scratch / "grpc.log")
    try:
        targets = {"TCP loopback": f"127.0.0.1:{server.ready()['port']}", "Unix socket": f"unix:{socket}"}
        channels = {name: grpc.insecure_channel(target) for name, target in targets.items()}
        given = []
        for name, channel in channels.items():
            call = channel.unary_unary(
                f"/{SERVICE}/{METHOD}",
                request_serializer=wrappers.StringValue.SerializeToString,
                response_deserializer=wrappers.DoubleValue.FromString,
            )
            scope = {"call": call, "request": wrappers.StringValue(value=KEY)}
            given.append(Read(f"gRPC unary, {name}", "call(request).value", scope))
        yield given
        for channel in channels.values():
            channel.close()
    finally:
        server.stop()


def serve(file: Path, socket: Path) -> None:
    grpc, wrappers = import_module("grpc"), import_module("google.protobuf.wrappers_pb2")
    replies = {key: wrappers.DoubleValue(value=value) for key, value in json.loads(file.read_text()).items()}
    method = grpc.unary_unary_rpc_method_handler(
        lambda request, context: replies[request.value],
        request_deserializer=wrappers.StringValue.FromString,
        response_serializer=wrappers.DoubleValue.SerializeToString,
    )
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {METHOD: method}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    ready(port=port)
    until_stopped()
    server.stop(None).wait()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
