// The service worker API is what the Spin JavaScript SDK builds on too.
addEventListener("fetch", (event) => {
  const headers = { "content-type": "text/plain" };
  event.respondWith(new Response("Hello from TypeScript on Whorl\n", { headers }));
});
