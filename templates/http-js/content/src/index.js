async function handle(request) {
  const { pathname } = new URL(request.url);
  const text = `Hello from {{name}}: ${request.method} ${pathname}\n`;
  return new Response(text, { headers: { "content-type": "text/plain" } });
}

addEventListener("fetch", (event) => {
  event.respondWith(handle(event.request));
});
