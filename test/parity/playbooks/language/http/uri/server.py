"""A small server: answers what the tests ask for, and tells what it was asked."""

import base64
import http.server
import json
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size).decode()
        path, _, query = self.path.partition("?")
        wanted = "Basic " + base64.b64encode(b"ann:secret").decode()
        if path == "/redirect":
            return self.send(302, "", "text/plain", Location="/json")
        if path == "/missing":
            return self.send(404, '{"error": "missing"}', "application/json")
        if path == "/login" and self.headers.get("Authorization") != wanted:
            return self.send(401, "no", "text/plain", **{"WWW-Authenticate": 'Basic realm="x"'})
        if path == "/json":
            return self.send(200, '{"a": [1, 2.5, null], "t": "\u00e9"}', "application/json")
        if path == "/nothing":
            return self.send(204, "", "text/plain")
        if path == "/broken":
            return self.send(200, "{broken", "application/json")
        if path == "/cookie":
            return self.send(200, "c", "text/plain", **{"Set-Cookie": "k=v; Path=/"})
        if path == "/text":
            return self.send(200, "plain text\nof two lines\n", "text/plain; charset=utf-8", **{"X-Own-Header": "own"})
        told = {
            "method": self.command,
            "path": path,
            "query": query,
            "body": body,
            "type": self.headers.get("Content-Type"),
            "agent": self.headers.get("User-Agent"),
            "own": self.headers.get("X-Own"),
            "auth": self.headers.get("Authorization"),
            "accept": self.headers.get("Accept"),
        }
        return self.send(201 if self.command == "PUT" else 200, json.dumps(told), "application/json")

    def send(self, status, body, kind, **headers):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(data)

    def log_message(self, *_):
        pass

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = answer


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
