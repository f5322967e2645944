/** What the page is to those who do not use a mouse, or want it dark; and to those who attack it. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumObstacle, startChromium } from "../servers/chromium.ts";
import { wasmApp } from "../whorl-process.ts";
import { ask as askPath } from "./ask.ts";
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

function ask(path: string): Promise<void> {
  return askPath(up.whorl.url, path);
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

describe("the keyboard", () => {
  test("shows what it does, and can be told to do nothing", async () => {
    await using tab = await open();
    const { page } = tab;
    await page.getByRole("heading", { name: "http-rust" }).waitFor();
    await page.keyboard.press("?");
    const dialog = page.getByRole("dialog", { name: "Keyboard" });
    await dialog.waitFor();
    await tab.picture("console-keyboard");
    await expectSound(tab);
    await dialog.getByLabel("Single keys do this").uncheck();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.keyboard.press("2");
    await page.keyboard.press("?");
    // What the keys would have done is done before the page answers again.
    await tab.audit("layoutShift");
    expect(await page.getByRole("heading", { name: "http-rust" }).count()).toBe(1);
    expect(await dialog.count()).toBe(0);
    await page.getByRole("button", { name: "Keyboard" }).click();
    await dialog.getByLabel("Single keys do this").check();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.keyboard.press("2");
    await page.getByRole("heading", { name: "Requests", exact: true }).waitFor();
  });

  test("goes through the requests: rows, one of them, back", async () => {
    for (const number of [1, 2, 3]) await ask(`/count?keys=${number}`);
    await using tab = await open("/requests?path=%2Fcount");
    const { page } = tab;
    await rows(page).nth(2).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("ArrowDown");
    await page.locator("[role=row]:focus").getByText("/count?keys=2").waitFor();
    await page.getByRole("button", { name: "Go on" }).waitFor();
    await page.keyboard.press("Enter");
    const heading = page.getByRole("heading", { name: "GET /count?keys=2" });
    await heading.waitFor();
    const isFocused = (): Promise<boolean> => heading.evaluate((each) => each.matches(":focus"));
    await expect.poll(isFocused).toBe(true);
    await page.keyboard.press("Escape");
    await rows(page).nth(2).waitFor();
    expect(new URL(page.url()).search).toBe("?path=%2Fcount");
    await page.keyboard.press("/");
    await page.keyboard.type("/count?keys=3");
    await expect.poll(() => rows(page).count()).toBe(1);
  });

  test("reaches everything by tab, the content first", async () => {
    await using tab = await open("/requests");
    const { page } = tab;
    await rows(page).first().waitFor();
    await page.keyboard.press("Tab");
    const focused = page.locator(":focus");
    await expect.poll(() => focused.innerText()).toBe("To the content");
    await page.keyboard.press("Enter");
    await expect.poll(() => focused.getAttribute("id")).toBe("main");
    const nameOf = async (): Promise<string> =>
      (await focused.getAttribute("aria-label")) ?? (await focused.innerText());
    const names: string[] = [];
    for (let step = 0; step < 10; step++) {
      const before = await nameOf();
      await page.keyboard.press("Tab");
      await expect.poll(nameOf).not.toBe(before);
      names.push(await nameOf());
    }
    expect(names).toEqual(expect.arrayContaining(["Method", "5xx", "Failed", "Stop"]));
    await expect.poll(() => page.locator("[role=row][tabindex='0']").count()).toBe(1);
  });
});

test("those who listen are told of failures, and hear names and headings", async () => {
  await using tab = await open();
  const { page } = tab;
  await page.getByText("live", { exact: true }).waitFor();
  // The newest thing is said: how the app is may overtake a single failure.
  const spoken = async (): Promise<string> => {
    await ask("/trap");
    return (await page.locator("[data-spoken]").textContent()) ?? "";
  };
  await expect.poll(spoken).toContain("http-rust failed: trap");
  await page.getByRole("region", { name: "Why it failed" }).waitFor();
  await page.getByRole("heading", { name: "Latency" }).waitFor();
  const tree = await page.locator("body").ariaSnapshot();
  for (const part of [
    "- banner:",
    '- navigation "Views":',
    "- main:",
    '- heading "http-rust" [level=1]',
    '- heading "Latency" [level=2]',
    '- region "Why it failed"',
    '- link "Requests"',
  ]) {
    expect(tree).toContain(part);
  }
});

describe("light and dark", () => {
  const ground = (page: Page): Promise<string> =>
    page
      .locator("body")
      .evaluate(
        (body) => body.ownerDocument.defaultView?.getComputedStyle(body).backgroundColor ?? "",
      );

  test.each(["light", "dark"] as const)("as the system: %s", async (colorScheme) => {
    await ask("/trap");
    await using tab = await open("/", { colorScheme });
    const { page } = tab;
    await page.getByRole("region", { name: "Why it failed" }).waitFor();
    await expectSound(tab);
    const before = await ground(page);
    await page.keyboard.press("t");
    await expect.poll(() => ground(page)).not.toBe(before);
    await expectSound(tab);
    const chosen = await ground(page);
    await page.reload();
    await page.getByRole("heading", { name: "http-rust" }).waitFor();
    expect(await ground(page)).toBe(chosen);
    await page.keyboard.press("t");
    await expect.poll(() => ground(page)).toBe(before);
  });

  test("requests in the dark", async () => {
    await ask("/");
    await using tab = await open("/requests", { colorScheme: "dark" });
    await rows(tab.page).first().waitFor();
    await expectSound(tab);
  });
});

describe("what comes from outside is text", () => {
  test.each([
    ["markup", "/<img/src=x/onerror=alert(1)>", "/<img/src=x/onerror=alert(1)>"],
    ["a script", "/a?<script>alert(1)</script>", "/a?<script>alert(1)</script>"],
    ["a link", "/javascript:alert(1)//", "/javascript:alert(1)//"],
  ])("%s in a path", async (_name, path, shown) => {
    await ask(path);
    await using tab = await open("/requests");
    const { page } = tab;
    await rows(page).first().getByText(shown).waitFor();
    await rows(page).first().click();
    await page.getByRole("heading", { name: `GET ${shown}` }).waitFor();
    expect(await page.locator("#page img, #page script").count()).toBe(0);
    expect(tab.faults).toEqual([]);
  });

  test("a filter that is none, or markup, is refused in words", async () => {
    await using tab = await open("/requests?status=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E");
    await tab.page.getByRole("alert").getByText("<img src=x onerror=alert(1)>").waitFor();
    expect(tab.faults).toEqual([]);
  });

  test.each(["/nowhere/<b>", "/app?id=%3Cb%3Ethere%20is%20none", "/request?id=%2e%2e%2finfo"])(
    "%s leads nowhere, and says so",
    async (path) => {
      await using tab = await open(path);
      await tab.page
        .getByText(/no address of this console|no such thing|not kept any more/)
        .waitFor();
      expect(await tab.page.locator("#page b", { hasNotText: "whorl" }).count()).toBe(0);
      expect(tab.faults).toEqual([]);
    },
  );
});
