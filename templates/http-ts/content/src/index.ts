async function handle(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const text = `Hello from {{name}}: ${request.method} ${pathname}\n`;
  return new Response(text, { headers: { "content-type": "text/plain" } });
}

addEventListener("fetch", (event) => {
  const fetchEvent = event as FetchEvent;
  fetchEvent.respondWith(handle(fetchEvent.request));
});
