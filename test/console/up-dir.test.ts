/** `whorl up --dir --console`: a folder of 1,000 apps on several threads, seen through Chromium. */
import { linkSync, mkdirSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AppList, AppSummary } from "../../runtime/telemetry/admin/console-api.ts";
import { askApp } from "../ask-app.ts";
import { chromiumObstacle, startChromium } from "../servers/chromium.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { wasmApp } from "../whorl-process.ts";
import { keepAsking } from "./ask.ts";
import { ConsoleTab, expectSound, isForManual } from "./console-tab.ts";
import { type UpConsole, upConsole } from "./up-console.ts";

const obstacle = chromiumObstacle();
if (obstacle !== undefined) throw new Error(obstacle);

const appsMax = 1_000;

const stack = new AsyncDisposableStack();
let browser: Browser;
let up: UpConsole;
let folder: string;

beforeAll(async () => {
  folder = join(stack.use(new TemporaryFolder({})).path, "apps");
  mkdirSync(folder);
  for (let at = 0; at < appsMax; at++) addHello(`app-${String(at).padStart(4, "0")}`);
  symlinkSync(wasmApp("http-rust"), join(folder, "http"));
  writeFileSync(join(folder, "a-broken.wasm"), "no component");
  [browser, up] = await Promise.all([
    startChromium(),
    upConsole(`--dir=${folder}`, ["--quiet", "--max-workers", "2"]),
  ]);
  stack.use(up);
  stack.defer(() => browser.close());
});
afterAll(() => stack.disposeAsync());

/** The same file by another name: a digest that is prepared once. */
function addHello(name: string): void {
  symlinkSync(wasmApp("hello-rust/hello.wasm"), join(folder, `${name}.wasm`));
}

async function ask(app: string, ...paths: string[]): Promise<void> {
  for (const path of paths) await askApp(up.whorl.port, app, { path });
}

/** What the API says of an app, to compare with what the page shows. */
async function usageOf(app: string): Promise<AppSummary["usage"] | undefined> {
  const { apps } = await read<AppList>(`/api/apps?search=${app}`);
  return apps[0]?.usage;
}

function open(view = "/"): Promise<ConsoleTab> {
  const address = new URL(up.address);
  return ConsoleTab.open(browser, `${address.origin}${view}${address.hash}`);
}

async function read<T>(path: string): Promise<T> {
  const address = new URL(up.address);
  const authorization = `Bearer ${address.hash.replace("#token=", "")}`;
  const response = await fetch(address.origin + path, { headers: { authorization } });
  return (await response.json()) as T;
}

function rows(page: Page): ReturnType<Page["locator"]> {
  return page.locator(".list-body [role=row]");
}

describe("a folder of apps", () => {
  test("all of them are there, with where they are asked; first what cannot be served", async () => {
    const total = async (): Promise<number> => (await read<AppList>("/api/apps")).total;
    await expect.poll(total).toBe(appsMax + 2);
    await using tab = await open();
    const { page } = tab;
    const first = rows(page).first();
    await first.getByRole("link", { name: "a-broken" }).waitFor();
    await first.getByText(/^a-broken\.localhost:\d+ +it cannot be served: /).waitFor();
    await page.getByLabel(/^Filter apps/).fill("app-0007");
    await expect.poll(() => rows(page).count()).toBe(1);
    await rows(page).getByText(`app-0007.localhost:${up.whorl.port}`).waitFor();
    await page.getByLabel(/^Filter apps/).fill("");
    await expect.poll(() => rows(page).count()).toBeGreaterThan(5);
    await using _asking = keepAsking(() =>
      Promise.all([
        ask("app-0000", "/", "/", "/", "/"),
        ask("app-0004", "/"),
        ask("http", "/", "/count", "/request", "/sleep?ms=3"),
      ]),
    );
    await rows(page)
      .nth(1)
      .getByText(/^app-0000\.localhost:\d+/)
      .waitFor();
    await page
      .getByLabel(/^half within/)
      .nth(2)
      .waitFor();
    if (isForManual) await page.waitForTimeout(20_000);
    await tab.picture("console-folder");
    await expectSound(tab);
  });

  test("requests, memory and cold starts of one are seen as they happen", async () => {
    await using tab = await open();
    const { page } = tab;
    await page.getByLabel(/^Filter apps/).fill("app-0007");
    await expect.poll(() => rows(page).count()).toBe(1);
    const cells = rows(page).getByRole("gridcell");
    {
      await using _asking = keepAsking(() => ask("app-0007", "/", "/"));
      await expect.poll(() => cells.nth(1).innerText()).toMatch(/^[1-9]/);
      await expect.poll(() => cells.nth(4).innerText()).toMatch(/^[1-9][\d.]*\s?[kM]i?B/);
    }
    // None where an instance was ready beforehand; one on each thread, and again after a rest.
    const isAsCounted = async (): Promise<boolean> =>
      (await cells.nth(5).innerText()) === String((await usageOf("app-0007"))?.coldStartsTotal);
    await expect.poll(isAsCounted).toBe(true);
    const { apps } = await read<AppList>("/api/apps?search=app-0008");
    expect(apps).toMatchObject([{ health: "idle", usage: { requestsTotal: 0 } }]);
  });

  test("a request that failed on one of the threads: why, what it wrote, where time went", async () => {
    await ask("http", "/log", "/trap");
    await using tab = await open("/app?id=http");
    const { page } = tab;
    const why = page.getByRole("region", { name: "Why it failed" });
    await why.getByText("The guest gave up").waitFor();
    await why.getByRole("link", { name: "See the request" }).click();
    await page.getByRole("heading", { name: "GET /trap" }).waitFor();
    await page
      .getByText(/panicked at/)
      .first()
      .waitFor();
    await page.locator('.flame-span[data-kind="guest"]').waitFor();
    await expectSound(tab);
  });

  test("a request that ended well is looked into on the thread that answered it", async () => {
    await using tab = await open("/requests?path=%2Fsleep");
    const { page } = tab;
    await page.getByText("live", { exact: true }).waitFor();
    await ask("http", "/sleep?ms=<b>40");
    await rows(page).first().getByText("/sleep?ms=<b>40").waitFor();
    await rows(page).first().click();
    await page.getByRole("heading", { name: "GET /sleep?ms=<b>40" }).waitFor();
    await page.locator('.flame-span[data-kind="guest"]').waitFor();
    await expectSound(tab);
  });

  test("apps that come and go while one looks", async () => {
    await using tab = await open();
    const { page } = tab;
    await page.getByLabel(/^Filter apps/).fill("late");
    await page.getByText("No app is like that.").waitFor();
    linkSync(join(folder, "a-broken.wasm"), join(folder, "late-broken.wasm"));
    addHello("late");
    await expect.poll(() => rows(page).count(), { timeout: 60_000 }).toBe(2);
    unlinkSync(join(folder, "late.wasm"));
    await expect.poll(() => rows(page).count(), { timeout: 60_000 }).toBe(1);
    expect(tab.faults).toEqual([]);
  });
});
