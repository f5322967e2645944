"""Greets whom the path names."""

from spin_sdk import http
from spin_sdk.http import Request, Response


class HttpHandler(http.Handler):
    async def handle_request(self, request: Request) -> Response:
        name = request.uri.strip("/") or "Whorl"
        return Response(200, {"content-type": "text/plain"}, f"Hello from Python, {name}\n".encode())
