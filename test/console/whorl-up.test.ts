/** `whorl up --console` as a new user meets it, seen through Chromium. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumObstacle, startChromium } from "../servers/chromium.ts";
import { wasmApp } from "../whorl-process.ts";
import { ask as askPath, keepAsking } from "./ask.ts";
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
  for (const path of paths) await askPath(up.whorl.url, path);
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
    await page.locator(".refusal").waitFor();
    await field.fill(up.address);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "http-rust" }).waitFor();
    await expect.poll(() => page.getByText(new URL(up.address).hash).count()).toBe(0);
  });
});

describe("the app", () => {
  test("its charts, components and triggers move with its requests", async () => {
    await using tab = await open();
    const { page } = tab;
    await page.getByRole("img", { name: /^Latency/ }).waitFor();
    const paths = ["/", "/request", "/count", "/sleep?ms=3", "/nothing"];
    await using _asking = keepAsking(() => ask(...paths));
    await page.getByRole("img", { name: /^Latency: p50 [\d.]+ (µs|ms), p99/ }).waitFor();
    await page.getByRole("img", { name: /^Requests a second: [1-9]/ }).waitFor();
    await page.getByRole("img", { name: /^Memory of guests: [1-9].*of/ }).waitFor();
    await page.getByRole("cell", { name: "/..." }).waitFor();
    await page.getByText(/^The last \d+ seconds as a table$/).click();
    await page.locator(".as-table tbody tr").first().waitFor();
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
    await page.locator('button[aria-pressed="true"]', { hasText: "5xx" }).waitFor();
    expect(new URL(page.url()).search).toBe("?status=5xx");
    await ask("/trap?a", "/count", "/trap?b");
    await rows(page).first().getByText("/trap?b").waitFor();
    await rows(page).nth(1).getByText("/trap?a").waitFor();
    const isOther = (text: string): boolean => !text.includes("500");
    await expect.poll(async () => (await rows(page).allInnerTexts()).filter(isOther)).toEqual([]);
    await page.getByRole("button", { name: "5xx" }).click();
    await page.getByLabel(/^Filter by the beginning/).fill("/count?live");
    await expect.poll(() => rows(page).count()).toBe(1);
    await page.getByLabel(/^Filter by the beginning/).fill("");
    await expect.poll(() => rows(page).count()).toBeGreaterThan(2);
    await expectSound(tab);
  });

  test("one of them leads to those of its trace", async () => {
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    for (const path of ["/traced/1", "/traced/2"]) await askPath(up.whorl.url, path, headers);
    await ask("/");
    await using tab = await open("/requests?path=%2Ftraced");
    const { page } = tab;
    await rows(page).first().click();
    await page.getByRole("link", { name: traceId }).click();
    await expect.poll(() => rows(page).count()).toBe(2);
    await page.getByRole("button", { name: /^No longer only trace/ }).click();
    await expect.poll(() => rows(page).count()).toBeGreaterThan(2);
  });

  test("one that was pressed is opened, also where it moved away below the pointer", async () => {
    await ask("/count?pressed=1");
    await using tab = await open("/requests?path=%2Fcount%3Fpressed");
    const { page } = tab;
    const list = page.locator(".list-body");
    // So a browser tells it: the row where it began, and what both rows have in common at its end.
    await rows(page).first().dispatchEvent("pointerdown", { clientX: 50, clientY: 50 });
    await list.dispatchEvent("click", { clientX: 90, clientY: 50 });
    expect(await rows(page).count()).toBe(1);
    await rows(page).first().dispatchEvent("pointerdown", { clientX: 50, clientY: 50 });
    await list.dispatchEvent("click", { clientX: 51, clientY: 50 });
    await page.getByRole("heading", { name: "GET /count?pressed=1" }).waitFor();
  });

  test("one of them: where its time went", async () => {
    await ask("/sleep?ms=40");
    await using tab = await open("/requests?path=%2Fsleep");
    const { page } = tab;
    await rows(page).first().getByText("/sleep?ms=40").waitFor();
    await rows(page).first().click();
    await page.getByRole("heading", { name: "GET /sleep?ms=40" }).waitFor();
    await page.locator('.flame-span[data-kind="guest"]').waitFor();
    await page.getByRole("cell", { name: "the guest's code" }).waitFor();
    await expectSound(tab);
  });
});
