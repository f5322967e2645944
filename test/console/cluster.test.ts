/** The console of a cluster of 1,000 apps, served as the operator serves it, seen through Chromium. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { consoleFiles } from "../../console/files.ts";
import { tokenAccess } from "../../runtime/telemetry/admin/console-access.ts";
import { type ConsoleServer, startConsole } from "../../runtime/telemetry/admin/console-server.ts";
import { chromiumObstacle, startChromium } from "../servers/chromium.ts";
import { freePort } from "../servers/server-process.ts";
import { ConsoleTab, expectSound } from "./console-tab.ts";
import { FleetView } from "./fleet-view.ts";

const obstacle = chromiumObstacle();
if (obstacle !== undefined) throw new Error(obstacle);

const token = "a-token";
const view = new FleetView(1_000);
let browser: Browser;
let server: ConsoleServer;

beforeAll(async () => {
  const files = await consoleFiles();
  [browser, server] = await Promise.all([
    startChromium(),
    startConsole({
      ...{ host: "127.0.0.1", port: 0, view, files, authorize: tokenAccess(token) },
      onRefused: (message) => expect.unreachable(message),
    }),
  ]);
});

afterAll(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});

function open(
  path = "/",
  options: Parameters<typeof ConsoleTab.open>[2] = {},
): Promise<ConsoleTab> {
  return ConsoleTab.open(browser, `${server.url}${path}#token=${token}`, options);
}

function rows(page: Page): ReturnType<Page["locator"]> {
  return page.locator(".list-body [role=row]");
}

/** What is in the list, whether it is drawn or not. */
async function rowCount(page: Page): Promise<number> {
  return Number(await page.getByRole("grid").getAttribute("aria-rowcount")) - 1;
}

describe("1,000 apps", () => {
  test("those that need attention first; only what is on the screen is there", async () => {
    await using tab = await open();
    const { page } = tab;
    await page.getByRole("heading", { name: /of 1,000 apps need attention$/ }).waitFor();
    await expect.poll(() => rowCount(page)).toBe(1_000);
    await rows(page).first().getByText("broke down").waitFor();
    await expect.poll(() => rows(page).count()).toBeLessThan(50);
    await tab.picture("console-apps");
    await expectSound(tab);
  });

  test("are filtered and sorted", async () => {
    await using tab = await open();
    const { page } = tab;
    await rows(page).first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("billing/led");
    await page.getByText(/^\d of 1,000$/).waitFor();
    const isOther = (text: string): boolean => !text.includes("billing/ledger");
    await expect.poll(async () => (await rows(page).allInnerTexts()).filter(isOther)).toEqual([]);
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("no such app");
    await page.getByText("No app is like that.").waitFor();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.press("Delete");
    const attention = page.getByRole("button", { name: /^Need attention/ });
    await attention.click();
    const troubled = Number((await attention.innerText()).replaceAll(/\D/g, ""));
    expect(troubled).toBeGreaterThan(10);
    await expect.poll(() => rowCount(page)).toBe(troubled);
    await page.getByRole("button", { name: /^All/ }).click();
    await expect.poll(() => rowCount(page)).toBe(1_000);
    await page.getByRole("button", { name: "app", exact: true }).click();
    await rows(page)
      .first()
      .getByText([...view.ids].toSorted()[0] ?? "", { exact: true })
      .waitFor();
  });

  test("the keyboard reaches the last of them and opens it", async () => {
    await using tab = await open();
    const { page } = tab;
    await rows(page).first().waitFor();
    await page.getByRole("button", { name: "app", exact: true }).click();
    await page.keyboard.press("j");
    await page.keyboard.press("End");
    const last = [...view.ids].toSorted().at(-1) ?? "";
    const focused = page.locator("[role=row]:focus");
    await focused.getByText(last).waitFor();
    await expect
      .poll(() => focused.evaluate((row) => row.getBoundingClientRect().bottom))
      .toBeLessThan(801);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: last }).waitFor();
    await expectSound(tab);
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: /apps need attention$/ }).waitFor();
  });

  test("move as time goes by, without moving what is seen", async () => {
    await using tab = await open();
    const { page } = tab;
    await rows(page).first().waitFor();
    const lead = page.locator(".lead").getByText(/requests a second/);
    await lead.waitFor();
    const shift = await tab.steadyShift();
    for (let second = 0; second < 3; second++) {
      const before = await lead.innerText();
      // A second may end with the same figures as the one before.
      const ticked = async (): Promise<string> => {
        view.tick();
        return await lead.innerText();
      };
      await expect.poll(ticked, { interval: 300 }).not.toBe(before);
    }
    expect((await tab.audit("layoutShift")) - shift).toBeLessThan(0.05);
  });
});

test("a tab in the background takes no connection, and follows again when it is seen", async () => {
  await using tab = await open();
  const { page } = tab;
  await page.getByText("live", { exact: true }).waitFor();
  // Those of tabs that were closed before may take a moment to end.
  await expect.poll(() => view.feeds).toBe(1);
  await page.clock.install();
  const show = (isHidden: boolean): Promise<void> =>
    page.locator("html").evaluate((html, value) => {
      Object.defineProperty(html.ownerDocument, "hidden", { value, configurable: true });
      html.ownerDocument.dispatchEvent(new Event("visibilitychange"));
    }, isHidden);
  await show(true);
  await page.clock.fastForward(21_000);
  await expect.poll(() => view.feeds).toBe(0);
  await show(false);
  await expect.poll(() => view.feeds).toBe(1);
});

test("one app in the dark", async () => {
  await using tab = await open(`/app?id=${encodeURIComponent("shop/cart")}`, {
    colorScheme: "dark",
  });
  const { page } = tab;
  await page.getByRole("img", { name: /^Latency: p50/ }).waitFor();
  await tab.picture("console-app-dark");
  await expectSound(tab);
});

test("pods: Wasm functions beside containers", async () => {
  await using tab = await open("/pods");
  const { page } = tab;
  await page.getByText(/Wasm functions beside \d+ containers/).waitFor();
  await page
    .getByText(/CrashLoopBackOff/)
    .first()
    .waitFor();
  await tab.picture("console-pods");
  await expectSound(tab);
  await page
    .getByRole("link", { name: /^cart-/ })
    .first()
    .click();
  await page.getByRole("heading", { name: "shop/cart" }).waitFor();
});

test("on a phone", async () => {
  await using tab = await open("/", { viewport: { width: 390, height: 844 } });
  const { page } = tab;
  await rows(page).first().waitFor();
  await tab.picture("console-phone");
  await expectSound(tab);
  await rows(page).first().click();
  await page.getByRole("img", { name: /^Latency: p50/ }).waitFor();
  await expectSound(tab);
});

test("a server that stops answering is told, and found again", async () => {
  const files = await consoleFiles();
  const port = await freePort();
  const start = (): Promise<ConsoleServer> =>
    startConsole({
      ...{ host: "127.0.0.1", port, view, files, authorize: tokenAccess(token) },
      onRefused: () => undefined,
    });
  const first = await start();
  await using tab = await ConsoleTab.open(browser, `${first.url}/#token=${token}`);
  const { page } = tab;
  await page.getByText("live", { exact: true }).waitFor();
  await first[Symbol.asyncDispose]();
  await page.getByText("no connection", { exact: true }).waitFor();
  await expect.poll(() => rows(page).count()).toBeGreaterThan(0);
  await using _second = await start();
  await page.getByText("live", { exact: true }).waitFor();
});
