import { expect, test } from "vitest";
import { parseWrk } from "./wrk.ts";

const report = `Running 2s test @ http://127.0.0.1:3000
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   521.33us  103.50us   2.71ms   89.10%
    Req/Sec    30.51k     1.02k   31.80k    85.00%
  Latency Distribution
     50%  498.00us
     75%  545.00us
     90%  601.00us
     99%    1.25ms
  60702 requests in 2.00s, 8.86MB read
Requests/sec:  30345.67
Transfer/sec:      4.43MB
`;

test("parseWrk() reads rate and latencies in one unit", () => {
  const expected = { requestsPerSecond: 30345.67, p50Us: 498, p99Us: 1250, errors: 0 };
  expect(parseWrk(report)).toEqual(expected);
});

test("parseWrk() adds up everything that went wrong", () => {
  const broken =
    `${report}  Socket errors: connect 1, read 2, write 3, timeout 4\n` +
    "  Non-2xx or 3xx responses: 5\n";
  expect(parseWrk(broken).errors).toBe(15);
});

test("parseWrk() refuses what is no report", () => {
  expect(() => parseWrk("unable to connect")).toThrow("report of wrk");
});
