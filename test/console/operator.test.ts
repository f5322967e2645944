/** The console as the operator serves it: 1,000 apps of a cluster, by the rights of the caller. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { consoleFiles } from "../../console/files.ts";
import { ClusterView } from "../../operator/console/cluster-view.ts";
import { noRights } from "../../operator/console/console-rights.ts";
import type { AccessVerdict } from "../../runtime/telemetry/admin/console-access.ts";
import { type ConsoleServer, startConsole } from "../../runtime/telemetry/admin/console-server.ts";
import { chromiumObstacle, startChromium } from "../servers/chromium.ts";
import { appOf, filledCaches } from "./cluster-stores.ts";
import { ConsoleTab, expectSound } from "./console-tab.ts";

const obstacle = chromiumObstacle();
if (obstacle !== undefined) throw new Error(obstacle);

const caches = filledCaches(1_000);
const feeds = { taken: 0 };
const facts = { title: "prod-eu-1", version: "0.1.0", startedMs: Date.now() };
const all = new ClusterView({ caches, feeds, ...facts }, { apps: "all", pods: "all" });
const nobodys = new ClusterView({ caches, feeds, ...facts }, noRights);
const shop = new Set(["shop"]);
const shops = new ClusterView({ caches, feeds, ...facts }, { apps: shop, pods: new Set() });
const reason = "system:serviceaccount:people:stranger may list nothing <b>here</b>";
const verdicts: Readonly<Record<string, AccessVerdict>> = {
  all: { kind: "granted", view: all },
  shop: { kind: "granted", view: shops },
  stranger: { kind: "forbidden", reason },
};
let browser: Browser;
let server: ConsoleServer;

beforeAll(async () => {
  const files = await consoleFiles();
  [browser, server] = await Promise.all([
    startChromium(),
    startConsole({
      ...{ host: "127.0.0.1", port: 0, view: nobodys, files, onRefused: () => undefined },
      authorize: (token = "") =>
        verdicts[token] ?? { kind: "unauthorized", reason: "the token is not known" },
    }),
  ]);
});

afterAll(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});

function open(
  path: string,
  { token = "all", ...options }: Parameters<typeof ConsoleTab.open>[2] & { token?: string } = {},
): Promise<ConsoleTab> {
  return ConsoleTab.open(browser, `${server.url}${path}#token=${token}`, options);
}

function rows(page: Page): ReturnType<Page["locator"]> {
  return page.locator(".list-body [role=row]");
}

test("apps: those that do not run first, with pods, and told when that changes", async () => {
  await using tab = await open("/", { viewport: { width: 1100, height: 800 } });
  const { page } = tab;
  await page.getByRole("heading", { name: "11 of 1,000 apps need attention" }).waitFor();
  await page.locator('[role=grid][aria-rowcount="1001"]').waitFor();
  await rows(page)
    .first()
    .getByText(/not found|missing|available|not exist/)
    .waitFor();
  await page.getByRole("columnheader", { name: "Pods" }).waitFor();
  // What nobody knows here is not shown as if it were nothing.
  expect(await page.getByText("Requests/s").count()).toBe(0);
  await tab.picture("console-cluster");
  await expectSound(tab);
  caches.apps.put(appOf(3, true));
  await page.getByRole("heading", { name: "10 of 1,000 apps need attention" }).waitFor();
  caches.apps.put(appOf(3));
  await page.getByRole("heading", { name: "11 of 1,000 apps need attention" }).waitFor();
  await page.getByRole("button", { name: "Pods", exact: true }).click();
  await rows(page).first().getByText("3 of 3").waitFor();
});

test("an app that does not run: why, what to do, its conditions and containers", async () => {
  await using tab = await open("/app?id=shop%2Fcart");
  const { page } = tab;
  await page.getByRole("region", { name: "Why it failed" }).waitFor();
  await page.getByText("Its image cannot be had").waitFor();
  await page
    .getByText(/a private registry needs spec\.imagePullSecrets/)
    .first()
    .waitFor();
  await page.getByRole("table", { name: "Conditions" }).getByText("ImagePullFailed").waitFor();
  const containers = page.getByRole("table", { name: "Containers" });
  const text = (): Promise<string> => containers.innerText();
  await expect.poll(text).toMatch(/Wasm function\s+cart[^]*container\s+proxy/);
  await page.getByText(/knows no requests of an app/).waitFor();
  await tab.picture("console-cluster-app");
  await expectSound(tab);
});

test("pods by their nodes, and no figures that nobody has", async () => {
  await using tab = await open("/pods");
  const { page } = tab;
  await page.getByText(/\d+ Wasm functions beside \d+ containers/).waitFor();
  await page.getByRole("heading", { name: "node-a" }).waitFor();
  await page
    .getByText(/ImagePullBackOff/)
    .first()
    .waitFor();
  expect(await page.getByText("filled as far as").count()).toBe(0);
  await expectSound(tab);
});

test("requests: it is said that and why there are none", async () => {
  await using tab = await open("/requests");
  await tab.page.getByText(/whorl up --console/).waitFor();
  await expectSound(tab);
});

test("on a phone", async () => {
  await using tab = await open("/", { viewport: { width: 390, height: 844 } });
  await rows(tab.page).first().waitFor();
  await expectSound(tab);
  await rows(tab.page).first().click();
  await tab.page.getByRole("table", { name: "Conditions" }).waitFor();
  await expectSound(tab);
});

test("who may see one namespace sees its apps, and no pods", async () => {
  await using tab = await open("/", { token: "shop" });
  const { page } = tab;
  await page.getByRole("heading", { name: /of 250 apps need attention$/ }).waitFor();
  const isOther = (text: string): boolean => !text.includes("shop/");
  await expect.poll(async () => (await rows(page).allInnerTexts()).filter(isOther)).toEqual([]);
  await page.getByRole("link", { name: "Pods" }).click();
  await page.getByText("There are no pods of apps that you may see.").waitFor();
});

test("who may see nothing is told why, and can show another token", async () => {
  await using tab = await open("/", { token: "stranger" });
  const { page } = tab;
  await page.getByText(`refused: ${reason}`).waitFor();
  await expectSound(tab);
  await page.getByLabel("Address or token").fill("unknown");
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByText("the token is not known").waitFor();
  await page.getByLabel("Address or token").fill("shop");
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByRole("heading", { name: /apps need attention$/ }).waitFor();
});
