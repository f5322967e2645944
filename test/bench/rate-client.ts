/**
 * Load at a constant rate, for a core of its own: `rate-client.ts PORT REQUESTS_PER_SECOND
 * CONNECTIONS SECONDS`. Prints what came of it as JSON.
 */
import { askAtConstantRate } from "./constant-rate.ts";
import { summary } from "./statistics.ts";

const [port, requestsPerSecond, connections, seconds] = process.argv.slice(2).map(Number);
const { latenciesMs, refused } = await askAtConstantRate({
  ...{ port: port ?? 0, requestsPerSecond: requestsPerSecond ?? 1 },
  ...{ connections: connections ?? 1, seconds: seconds ?? 1, warmUpSeconds: 1 },
});
console.log(JSON.stringify({ latency: summary(latenciesMs), refused }));
