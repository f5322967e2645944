/** How quickly the page is there, how large it is, and whether it keeps up with 1,000 requests/s. */
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { consoleFiles } from "../../console/files.ts";
import { chromiumObstacle, startChromium } from "../servers/chromium.ts";
import { wasmApp } from "../whorl-process.ts";
import { ask as askPath } from "./ask.ts";
import { ConsoleTab, expectSound } from "./console-tab.ts";
import { type UpConsole, upConsole } from "./up-console.ts";

const obstacle = chromiumObstacle();
if (obstacle !== undefined) throw new Error(obstacle);

const bundleBytesMax = 300 * 1024;
const ratePerSecond = 1_000;
const seconds = 5;

let browser: Browser;
let up: UpConsole;

beforeAll(async () => {
  [browser, up] = await Promise.all([startChromium(), upConsole(wasmApp("hello-rust"))]);
});

afterAll(async () => {
  await browser.close();
  await up[Symbol.asyncDispose]();
});

test("the bundle is small", async () => {
  const sizes = Array.from(
    await consoleFiles(),
    ([name, { bytes }]) => [name, bytes.byteLength] as const,
  );
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  console.log(`bundle: ${(total / 1024).toFixed(1)} KiB gzip of ${bundleBytesMax / 1024} KiB`);
  expect(total).toBeLessThan(bundleBytesMax);
});

test("the page is painted", async () => {
  const paints: number[] = [];
  for (let visit = 0; visit < 3; visit++) {
    await using tab = await ConsoleTab.open(browser, up.address);
    await tab.page.getByRole("heading", { name: "hello-rust" }).waitFor();
    const painted = (): Promise<number | undefined> => tab.audit("firstPaintMs");
    await expect.poll(painted).toBeGreaterThan(0);
    paints.push((await painted()) ?? Number.NaN);
  }
  console.log(`first paint with content: ${paints.map((ms) => `${Math.round(ms)} ms`).join(", ")}`);
  expect(paints).toHaveLength(3);
});

test(`${ratePerSecond} requests a second are seen, or counted where the machine is too slow`, async () => {
  await using tab = await ConsoleTab.open(browser, requestsAddress());
  const { page } = tab;
  // It is told of what is missing since a request that it knows.
  await page.getByText("live", { exact: true }).waitFor();
  await askPath(up.whorl.url, "/");
  await expect.poll(() => seen(page)).toBe(1);
  const before = await seen(page);
  const lags: number[] = [];
  const sent = await sendEvenly(async (answered) =>
    lags.push(answered - ((await seen(page)) - before)),
  );
  // What is read anew after a loss may be counted twice.
  const known = async (): Promise<number> => (await seen(page)) + (await lost(page));
  await expect.poll(known, { timeout: 60_000 }).toBeGreaterThanOrEqual(before + sent);
  expect(await seen(page)).toBeLessThanOrEqual(before + sent);
  console.log(`seen: ${sent - (await lost(page))} of ${sent} requests`);
  console.log(
    `behind the answers by ${lags.join(", ")} requests, once a second at ${ratePerSecond}/s`,
  );
  await expectSound(tab);
});

function requestsAddress(): string {
  const address = new URL(up.address);
  return `${address.origin}/requests${address.hash}`;
}

/** What the page says it has shown. */
async function seen(page: Page): Promise<number> {
  const lead = await page.locator(".lead").innerText();
  return Number(/[\d,]+/.exec(lead)?.[0].replaceAll(",", "") ?? Number.NaN);
}

/** What the page says that it did not get. */
async function lost(page: Page): Promise<number> {
  const [text = "0"] = await page.getByText("too fast to be shown").allInnerTexts();
  return Number.parseInt(text.replaceAll(",", ""), 10);
}

/** So many requests in each of the seconds, as evenly as one timer can. @returns how many. */
async function sendEvenly(look: (answered: number) => Promise<unknown>): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const total = ratePerSecond * seconds;
  let answered = 0;
  const answers: Promise<void>[] = [];
  const looks: Promise<unknown>[] = [];
  const startedMs = performance.now();
  while (answers.length < total) {
    const passed = Math.min(1, (performance.now() - startedMs) / 1_000 / seconds);
    while (answers.length < passed * total) answers.push(ask(agent).then(() => void answered++));
    if (passed * seconds > looks.length + 1) looks.push(look(answered));
    await delay(5);
  }
  await Promise.all([...answers, ...looks]);
  agent.destroy();
  return answers.length;
}

function ask(agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    request(up.whorl.url, { agent }, (response) => response.resume().on("end", resolve))
      .on("error", reject)
      .end();
  });
}
