/** How quickly the page is there, how large it is, and whether it keeps up with 1,000 requests/s. */
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { consoleFiles } from "../../console/files.ts";
import { chromiumObstacle, startChromium } from "../servers/chromium.ts";
import { wasmApp } from "../whorl-process.ts";
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
    const paint = await tab.audit("firstPaintMs");
    if (paint !== undefined) paints.push(paint);
  }
  console.log(`first paint with content: ${paints.map((ms) => `${Math.round(ms)} ms`).join(", ")}`);
  expect(paints).toHaveLength(3);
});

test(`${ratePerSecond} requests a second are all seen`, async () => {
  await using tab = await ConsoleTab.open(browser, requestsAddress());
  const { page } = tab;
  await page.getByText("live", { exact: true }).waitFor();
  const before = await seen(page);
  const lags: number[] = [];
  const sent = await sendEvenly(async (count) => lags.push(count - ((await seen(page)) - before)));
  await expect.poll(() => seen(page), { timeout: 20_000 }).toBe(before + sent);
  expect(await page.getByText(/came too fast/).count()).toBe(0);
  console.log(`behind by ${lags.join(", ")} of ${ratePerSecond} requests/s while they came`);
  await tab.picture("console-load");
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

/** So many requests in each of the seconds, as evenly as one timer can. @returns how many. */
async function sendEvenly(eachSecond: (sent: number) => Promise<unknown>): Promise<number> {
  using agent = disposableAgent();
  const answers: Promise<void>[] = [];
  const startedMs = performance.now();
  let looks: Promise<unknown> = Promise.resolve();
  while (answers.length < ratePerSecond * seconds) {
    const due =
      Math.min(1, (performance.now() - startedMs) / 1_000 / seconds) * ratePerSecond * seconds;
    const before = Math.floor(answers.length / ratePerSecond);
    while (answers.length < due) answers.push(ask(agent.agent));
    if (Math.floor(answers.length / ratePerSecond) > before) {
      const { length } = answers;
      looks = looks.then(() => eachSecond(length));
    }
    await delay(5);
  }
  await Promise.all([...answers, looks]);
  return answers.length;
}

function disposableAgent(): Disposable & { readonly agent: Agent } {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  return { agent, [Symbol.dispose]: () => agent.destroy() };
}

function ask(agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    request(up.whorl.url, { agent }, (response) => response.resume().on("end", resolve))
      .on("error", reject)
      .end();
  });
}
