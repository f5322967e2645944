/** Pictures of each view of `whorl up --console` under load, as docs/console.md shows them. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chromiumObstacle, startChromium } from "../servers/chromium.ts";
import { wasmApp } from "../whorl-process.ts";
import { ConsoleTab, expectSound, isForManual } from "./console-tab.ts";
import { mixedLoad } from "./mixed-load.ts";
import { type UpConsole, upConsole } from "./up-console.ts";

const obstacle = chromiumObstacle();
if (obstacle !== undefined) throw new Error(obstacle);

let browser: Browser;
let up: UpConsole;
let load: AsyncDisposable;

beforeAll(async () => {
  [browser, up] = await Promise.all([startChromium(), upConsole(wasmApp("http-rust"))]);
  load = mixedLoad(up.whorl.url);
});

afterAll(async () => {
  await load[Symbol.asyncDispose]();
  await browser.close();
  await up[Symbol.asyncDispose]();
});

function open(
  view: string,
  options: Parameters<typeof ConsoleTab.open>[2] = {},
): Promise<ConsoleTab> {
  const address = new URL(up.address);
  return ConsoleTab.open(browser, `${address.origin}${view}${address.hash}`, options);
}

function rows(page: Page): ReturnType<Page["locator"]> {
  return page.locator(".list-body [role=row]");
}

test("the app", async () => {
  await using tab = await open("/");
  const { page } = tab;
  await page.getByRole("region", { name: "Why it failed" }).waitFor();
  const latency = page.getByRole("img", { name: /^Latency: p50/ });
  await latency.waitFor();
  const shift = await tab.steadyShift();
  if (isForManual) await page.waitForTimeout(65_000);
  const figures = async (): Promise<string | null> => await latency.getAttribute("aria-label");
  for (const before of [await figures(), await figures()]) {
    await expect.poll(figures).not.toBe(before);
  }
  await tab.picture("console-app");
  await expectSound(tab);
  // Figures change; nothing changes its place for it.
  expect((await tab.audit("layoutShift")) - shift).toBeLessThan(0.01);
});

test("its requests", async () => {
  await using tab = await open("/requests");
  const { page } = tab;
  await rows(page).nth(9).waitFor();
  await tab.picture("console-requests");
  await expectSound(tab);
});

test("one request, with a request of the guest", async () => {
  await using tab = await open("/requests?path=%2Ffetch");
  const { page } = tab;
  await rows(page).first().waitFor();
  await tab.stopRows();
  await rows(page).first().click();
  await page.locator('.flame-span[data-kind="outbound"]').waitFor();
  await page.locator('.flame-span[data-kind="outbound"]').hover();
  await expect.poll(() => page.locator("tr.is-on").count()).toBe(1);
  await tab.picture("console-request");
  const call = page.getByRole("button", { name: "spin_outbound_http.send_request" });
  const width = (): Promise<number> =>
    page
      .locator('.flame-span[data-kind="outbound"]')
      .evaluate((bar) => bar.clientWidth / (bar.parentElement?.clientWidth ?? 0));
  // As much of the request as the call took: nearly all of it, on a day when everything else is fast.
  const whole = await width();
  await call.click();
  await expect.poll(width).toBeGreaterThanOrEqual(Math.max(0.98, whole));
  await call.click();
  await expect.poll(width).toBeCloseTo(whole, 2);
  await expectSound(tab);
});

test.each(["/", "/requests"])("%s on a phone", async (view) => {
  await using tab = await open(view, { viewport: { width: 390, height: 844 } });
  const { page } = tab;
  await page.locator(".chart, .list-row").first().waitFor();
  await expectSound(tab);
});

test("a request on a phone", async () => {
  await using tab = await open("/requests", { viewport: { width: 390, height: 844 } });
  await rows(tab.page).first().waitFor();
  await tab.stopRows();
  await rows(tab.page).first().click();
  await tab.page.locator(".flame-span").first().waitFor();
  await expectSound(tab);
});

test("a failing request", async () => {
  await using tab = await open("/requests?status=5xx");
  const { page } = tab;
  await rows(page).first().waitFor();
  await tab.stopRows();
  await rows(page).first().click();
  await page.getByRole("region", { name: "Why it failed" }).waitFor();
  await page
    .getByText(/panicked at/)
    .first()
    .waitFor();
  await page.getByText("Where in the guest").click();
  await page.getByText(/at function \d+/).waitFor();
  await page.getByText("Where in the guest").click();
  await tab.picture("console-failure");
  await expectSound(tab);
});
