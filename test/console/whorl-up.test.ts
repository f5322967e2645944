/** `whorl up --console` as a new user meets it, seen through Chromium. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumObstacle, startChromium } from "../servers/chromium.ts";
import { wasmApp } from "../whorl-process.ts";
import { ConsoleTab, expectSound } from "./console-tab.ts";
import { type UpConsole, upConsole } from "./up-console.ts";

const obstacle = chromiumObstacle();
if (obstacle !== undefined) throw new Error(obstacle);

let browser: Browser;
let up: UpConsole;

beforeAll(async () => {
  [browser, up] = await Promise.all([startChromium(), upConsole(wasmApp("http-rust"))]);
});

afterAll(async () => {
  await browser.close();
  await up[Symbol.asyncDispose]();
});

async function ask(...paths: string[]): Promise<void> {
  for (const path of paths) await (await fetch(up.whorl.url + path)).arrayBuffer().catch(() => 0);
}

function open(
  view = "/",
  options: Parameters<typeof ConsoleTab.open>[2] = {},
): Promise<ConsoleTab> {
  const address = new URL(up.address);
  return ConsoleTab.open(browser, `${address.origin}${view}${address.hash}`, options);
}

function rows(page: Page): ReturnType<Page["locator"]> {
  return page.locator(".list-body [role=row]");
}

describe("the token", () => {
  test("leaves the address, and stays with the tab", async () => {
    await using tab = await open();
    await tab.page.getByRole("heading", { name: "http-rust" }).waitFor();
    expect(tab.page.url()).toBe(`${new URL(up.address).origin}/`);
    await tab.page.reload();
    await tab.page.getByRole("heading", { name: "http-rust" }).waitFor();
    expect(tab.faults).toEqual([]);
  });

  test("is asked for where there is none; a wrong one is not taken", async () => {
    await using tab = await ConsoleTab.open(browser, new URL(up.address).origin);
    const { page } = tab;
    const field = page.getByLabel("Address or token");
    await field.waitFor();
    await tab.picture("console-sign-in");
    await field.fill("wrong");
    await page.keyboard.press("Enter");
    await up.whorl.output("stderr", /the console refused a request of .*token/);
    await field.waitFor();
    await field.fill(up.address);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "http-rust" }).waitFor();
    expect(await page.getByText(new URL(up.address).hash).count()).toBe(0);
  });
});

describe("the app", () => {
  test("its charts, components and triggers move with its requests", async () => {
    await using tab = await open();
    const { page } = tab;
    await page.getByRole("img", { name: /^Latency/ }).waitFor();
    const ended = AbortSignal.timeout(60_000);
    const latency = page.getByRole("img", { name: /^Latency: p50 [\d.]+ (µs|ms), p99/ });
    while (!ended.aborted && (await latency.count()) === 0) {
      await ask("/", "/request", "/count", "/sleep?ms=3", "/nothing");
    }
    await page.getByRole("img", { name: /^Requests a second: [1-9]/ }).waitFor();
    await page.getByRole("img", { name: /^Memory of guests: [1-9].*of/ }).waitFor();
    await page.getByRole("cell", { name: "/..." }).waitFor();
    await page.getByText(/^The last \d+ seconds as a table$/).click();
    expect(await page.locator(".as-table tbody tr").count()).toBeGreaterThan(0);
    await expectSound(tab);
  });
});

describe("a failure", () => {
  test("says why, what to do, and leads to the request", async () => {
    await ask("/log", "/trap");
    await using tab = await open();
    const { page } = tab;
    const why = page.getByRole("region", { name: "Why it failed" });
    await why.getByText("The guest gave up").waitFor();
    await expectSound(tab);
    await why.getByRole("link", { name: "See the request" }).click();
    await page.getByRole("heading", { name: "GET /trap" }).waitFor();
    await page
      .getByText(/panicked at/)
      .first()
      .waitFor();
    await page
      .getByRole("region", { name: "Why it failed" })
      .getByText("The guest gave up")
      .waitFor();
    await expectSound(tab);
  });
});

describe("the requests", () => {
  test("appear as they end, are filtered, and stop while one is looked at", async () => {
    await ask("/", "/request");
    await using tab = await open("/requests");
    const { page } = tab;
    await rows(page).first().waitFor();
    await ask("/count?live=1");
    await rows(page).first().getByText("/count?live=1").waitFor();
    await page.getByRole("button", { name: "5xx" }).click();
    await ask("/trap", "/count", "/trap");
    await expect.poll(() => rows(page).allInnerTexts()).not.toEqual([]);
    expect(new URL(page.url()).search).toBe("?status=5xx");
    for (const text of await rows(page).allInnerTexts()) expect(text).toContain("500");
    await page.getByRole("button", { name: "5xx" }).click();
    await page.getByLabel(/^Filter by the beginning/).fill("/count?live");
    await expect.poll(() => rows(page).count()).toBe(1);
    await page.getByLabel(/^Filter by the beginning/).fill("");
    await expect.poll(() => rows(page).count()).toBeGreaterThan(2);
    await expectSound(tab);
  });

  test("one of them: where its time went", async () => {
    await ask("/sleep?ms=40");
    await using tab = await open("/requests?path=%2Fsleep");
    const { page } = tab;
    await rows(page).first().click();
    await page.getByRole("heading", { name: "GET /sleep?ms=40" }).waitFor();
    await page.locator('.flame-span[data-kind="guest"]').waitFor();
    await page.getByRole("cell", { name: "the guest's code" }).waitFor();
    await expectSound(tab);
  });
});
