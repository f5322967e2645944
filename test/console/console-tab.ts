import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";
import type { PageAudit } from "../../console/audit/audit-report.ts";

/** Where pictures go: `SCREENSHOTS=docs/images npm run test:console` renews those of the manual. */
// oxlint-disable-next-line node/no-process-env -- who runs the tests says so by this variable
const wanted = process.env["SCREENSHOTS"];
const pictures = wanted ?? join(tmpdir(), "whorl-console-pictures");

/** Somebody is going to look at them: it pays to wait until there is more to see. */
export const isForManual: boolean = wanted !== undefined;

const pictureBytesMax = 150_000;
const pictureHeight = 720;
/** Of a page on which nothing moves any more. */
const steadyMs = 500;
/** A browser on a busy machine takes its time; less than a test may take, so that it is told what. */
const waitMsMax = 100_000;

/** A tab that shows the console, and what it must not have done meanwhile. */
export class ConsoleTab implements AsyncDisposable {
  readonly page: Page;
  readonly #context: BrowserContext;
  /** Errors of the page, and requests to anybody but the console. */
  readonly faults: string[] = [];

  private constructor(page: Page, context: BrowserContext, url: string) {
    this.page = page;
    this.#context = context;
    const own = new URL(url).origin;
    page.on("pageerror", (error) => this.faults.push(error.message));
    page.on("console", (message) => {
      // Answers that refuse are part of what is tested; Chromium writes them down as errors.
      const isAnswer = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !isAnswer) this.faults.push(message.text());
    });
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== own) this.faults.push(`asks ${request.url()}`);
    });
    page.on("dialog", (dialog) => {
      this.faults.push(`says ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  /** Opens an address. Wide enough for all columns unless the options say else. */
  static async open(
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
  ): Promise<ConsoleTab> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      colorScheme: "light",
      ...options,
    });
    context.setDefaultTimeout(waitMsMax);
    await context.addInitScript({ content: auditScript() });
    const tab = new ConsoleTab(await context.newPage(), context, url);
    await tab.page.goto(url);
    return tab;
  }

  /** Takes a picture of what is seen; it is small enough for a manual. */
  async picture(name: string): Promise<void> {
    await this.page.mouse.move(0, 0);
    const bytes = await this.page.screenshot({
      animations: "disabled",
      clip: { x: 0, y: 0, width: this.page.viewportSize()?.width ?? 0, height: pictureHeight },
    });
    if (isForManual && bytes.byteLength > pictureBytesMax) {
      throw new Error(`${name}.png has ${bytes.byteLength} bytes, more than ${pictureBytesMax}`);
    }
    mkdirSync(pictures, { recursive: true });
    writeFileSync(join(pictures, `${name}.png`), bytes);
  }

  /** Rows that come meanwhile are held back, so that one can be pointed at. */
  async stopRows(): Promise<void> {
    await this.page.getByRole("button", { name: "Stop", exact: true }).click();
    await this.page.getByRole("button", { name: "Go on", exact: true }).waitFor();
  }

  /** How far things have moved so far, once they have ceased to: the first figures make room. */
  async steadyShift(): Promise<number> {
    let before = Number.NaN;
    let shift = await this.audit("layoutShift");
    while (shift !== before) {
      await delay(steadyMs);
      [before, shift] = [shift, await this.audit("layoutShift")];
    }
    return shift;
  }

  /** Asks the page about itself. */
  async audit<Name extends keyof PageAudit>(name: Name): Promise<ReturnType<PageAudit[Name]>> {
    const asked = await this.page.evaluate(
      (what) => (globalThis as unknown as { pageAudit: PageAudit }).pageAudit[what](),
      name,
    );
    return asked as ReturnType<PageAudit[Name]>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }
}

/** What everybody may expect of every view, once it is drawn. */
export async function expectSound(tab: ConsoleTab): Promise<void> {
  const found = (name: "faintTexts" | "namelessControls" | "overflowing", message: string) =>
    expect.poll(() => tab.audit(name), { message });
  await found("faintTexts", "texts without enough contrast").toEqual([]);
  await found("namelessControls", "controls without a name").toEqual([]);
  await found("overflowing", "what sticks out to the right").toEqual([]);
  expect(tab.faults).toEqual([]);
}

/** The audit as a script that a page can run. */
function auditScript(): string {
  const file = fileURLToPath(new URL("../../console/audit/page-audit.ts", import.meta.url));
  return transformSync(readFileSync(file, "utf8"), { loader: "ts", format: "iife" }).code;
}
