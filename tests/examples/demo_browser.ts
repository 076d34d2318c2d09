/** A real browser for the demo's page: Chromium, driven through playwright-core. */
import { Buffer } from "node:buffer";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The path of a Chromium, or nothing where there is none; CHROMIUM_PATH says it by hand. */
export const CHROMIUM: string | undefined = findChromium();

if (CHROMIUM === undefined) {
  // deno-lint-ignore no-console -- what is skipped is said aloud
  console.log("The demo's page is not tested: no Chromium on PATH, and CHROMIUM_PATH is not set");
}

function findChromium(): string | undefined {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  const paths = NAMES.flatMap((name) => folders.map((folder) => `${folder}/${name}`));
  return [Deno.env.get("CHROMIUM_PATH") ?? "", ...paths].find((path) =>
    path !== "" && isFile(path)
  );
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** How large a window is. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export const PHONE: Size = { width: 390, height: 844 };
const DESK: Size = { width: 1280, height: 800 };

/** One page in a browser of its own; what went wrong in it is kept. */
export class DemoPage implements AsyncDisposable {
  readonly #browser: Browser;
  readonly page: Page;
  /** Exceptions in the page, and what its content security policy refused. */
  readonly faults: string[] = [];

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.page = page;
    page.setDefaultTimeout(60_000);
    page.on("pageerror", (error) => this.faults.push(error.message));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) this.faults.push(message.text());
    });
  }

  /** Opens the demo's page, and waits until it is connected. */
  static async open(
    origin: string,
    viewport: Size = DESK,
  ): Promise<DemoPage> {
    const browser = await chromium.launch({
      executablePath: CHROMIUM!,
      args: [
        "--no-sandbox",
        "--headless",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    const opened = new DemoPage(browser, await browser.newPage({ viewport }));
    await opened.page.goto(origin);
    await opened.page.waitForSelector('#connection[data-state="connected"]');
    return opened;
  }

  /** Chooses a file in the real file input, and presses the button. */
  async upload(bytes: Uint8Array, name: string, mimeType: string): Promise<void> {
    const { page } = this;
    await page.getByLabel("Picture", { exact: true })
      .setInputFiles({ name, mimeType, buffer: Buffer.from(bytes) });
    await page.getByRole("button", { name: "Upload" }).click();
  }

  /** Writes a postcard and presses the button. */
  async send(text: string): Promise<void> {
    await this.page.getByLabel("Postcard", { exact: true }).fill(text);
    await this.page.getByRole("button", { name: "Send", exact: true }).click();
  }

  /** Turns the partner's switch, and waits until it has turned. */
  async turnPartner(on: boolean): Promise<void> {
    await this.page.getByRole("switch").click();
    await this.page.waitForSelector(`#switch[aria-checked="${on}"]`);
  }

  /** Takes down, from now on, every text that an element has. */
  async record(selector: string): Promise<void> {
    await this.page.evaluate(`{
      const element = document.querySelector(${JSON.stringify(selector)});
      globalThis.texts = [];
      new MutationObserver(() => texts.push(element.textContent))
        .observe(element, { childList: true, characterData: true, subtree: true });
    }`);
  }

  /** Gives the texts that were taken down. */
  recorded(): Promise<string[]> {
    return this.page.evaluate("texts");
  }

  /** Waits for the three pictures until they are decoded; gives their widths as they really are. */
  async pictures(): Promise<number[]> {
    await this.page.locator("#picture-sizes img").nth(2).waitFor();
    return await this.page.evaluate(`{
      const images = [...document.querySelectorAll("#picture-sizes img")];
      Promise.all(images.map((image) => image.decode()))
        .then(() => images.map((image) => image.naturalWidth));
    }`);
  }

  /** The card of a postcard. */
  card(text: string): Locator {
    return this.page.locator(".postcard").filter({ hasText: text });
  }

  /** How far the page can be scrolled to the side, in pixels. */
  sideways(): Promise<number> {
    return this.page.evaluate("document.documentElement.scrollWidth - innerWidth");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}
