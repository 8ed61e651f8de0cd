#!/usr/bin/python3
"""milvus.py - stands in for Milvus: its gRPC service and its REST paths, and a gRPC client.

  milvus.py server GRPC-PORT REST-PORT
  milvus.py client PORT ROOT.pem [CLIENT.pem CLIENT.key]

Messages are bytes that both sides agree on, not protobuf: what is tested is the transport,
gRPC's real HTTP/2 with ALPN, through a proxy. The client makes one unary call and one that
streams, and prints what it got; a failure prints the gRPC status and exits 1.
"""
import http.server
import sys
import threading
from concurrent import futures

import grpc

SERVICE = "milvus.proto.milvus.MilvusService"


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Handlers(grpc.GenericRpcHandler):
    def service(self, details):
        if details.method == f"/{SERVICE}/GetVersion":
            return grpc.unary_unary_rpc_method_handler(lambda request, context: b"version " + request)
        if details.method == f"/{SERVICE}/Stream":
            return grpc.unary_stream_rpc_method_handler(
                lambda request, context: (b"%d" % i for i in range(int(request))))
        return None


class Rest(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b'{"code":0,"data":["book"]}'
        self.send_response(200 if self.path == "/v2/vectordb/collections/list" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def serve(grpc_port, rest_port):
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers((Handlers(),))
    server.add_insecure_port(f"127.0.0.1:{grpc_port}")
    server.start()
    rest = http.server.ThreadingHTTPServer(("127.0.0.1", int(rest_port)), Rest)
    threading.Thread(target=rest.serve_forever, daemon=True).start()
    server.wait_for_termination()


def call(port, root, client=None, key=None):
    credentials = grpc.ssl_channel_credentials(
        read(root), read(key) if key else None, read(client) if client else None)
    # A proxy from the environment has no business on loopback.
    with grpc.secure_channel(f"localhost:{port}", credentials,
                             options=[("grpc.enable_http_proxy", 0)]) as channel:
        version = channel.unary_unary(f"/{SERVICE}/GetVersion")(b"2.5", timeout=10)
        stream = channel.unary_stream(f"/{SERVICE}/Stream")(b"1000", timeout=10)
        print(version.decode(), sum(1 for _ in stream))


def main():
    if sys.argv[1] == "server":
        serve(*sys.argv[2:])
        return 0
    try:
        call(*sys.argv[2:])
        return 0
    except grpc.RpcError as error:
        print(error.code().name, error.details())
        return 1


if __name__ == "__main__":
    sys.exit(main())
