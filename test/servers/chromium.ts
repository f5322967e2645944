import { type Browser, chromium } from "playwright-core";
import { program, programObstacle } from "./debian-package.ts";

/** Why there is no browser: undefined where there is one, or it was installed now. */
export function chromiumObstacle(): string | undefined {
  return programObstacle("chromium", "chromium");
}

/** The first start after the installation reads everything from the disk. */
const startMsMax = 180_000;

/** Debian's Chromium without a window; {@link chromiumObstacle} has checked that it is there. */
export async function startChromium(): Promise<Browser> {
  // Its sandbox needs what containers of CI do not permit; only pages of these tests are opened.
  const args = ["--no-sandbox"];
  return await chromium.launch({ executablePath: program("chromium"), args, timeout: startMsMax });
}
