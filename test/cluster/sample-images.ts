import type { ImageContent } from "../servers/oci-archive.ts";
import { testImages } from "../servers/test-images.ts";

/** Stand-ins for the ordinary images of the samples: busybox in their place. */
export function sampleImages(): readonly ImageContent[] {
  const busybox = testImages().find(({ name }) => name === "localhost/busybox:1");
  if (busybox === undefined) throw new Error("testImages has no busybox");
  const { entries } = busybox;
  const server = (name: string, port: number, page: string): ImageContent => ({
    name,
    entries: [...entries, { path: "www/index.html", content: page }],
    entrypoint: ["/bin/httpd", "-f", "-p", String(port), "-h", "/www"],
  });
  return [
    { ...busybox, name: "registry.example/busybox:1" },
    server("registry.example/library/nginx:1.29", 80, "a server\n"),
    server("registry.example/sidecar:1", 3500, "a sidecar\n"),
    {
      name: "registry.example/inference-server:1",
      entries: [
        ...entries,
        { path: "www/v1/chat/completions", content: completion, mode: 0o755 },
        { path: "bin/answer", content: answerScript, mode: 0o755 },
      ],
      entrypoint: ["/bin/nc", "-ll", "-p", "8000", "-e", "/bin/answer"],
    },
  ];
}

const completion = JSON.stringify({
  id: "1",
  object: "chat.completion",
  choices: [
    { index: 0, finish_reason: "stop", message: { role: "assistant", content: "Forty-two." } },
  ],
  usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
});

/** One request of OpenAI's API: read up to the body's end, always the same answer. */
const answerScript = `#!/bin/sh
length=0
while IFS= read -r line; do
  line=\${line%$(printf '\\r')}
  [ -z "$line" ] && break
  case $line in [Cc]ontent-[Ll]ength:*) length=\${line#*: } ;; esac
done
head -c "$length" >/dev/null
printf 'HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: %s\\r\\nconnection: close\\r\\n\\r\\n' \\
  "$(wc -c </www/v1/chat/completions)"
cat /www/v1/chat/completions
`;
