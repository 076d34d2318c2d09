/** The demo's story in a real browser, on SQLite and on Redis over HTTP. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { CHROMIUM, DemoPage, PHONE, type Size } from "./demo_browser.ts";
import { phonePhoto, smallPicture } from "./demo_pictures.ts";
import { DemoProcess } from "./demo_process.ts";
import { type DemoStore, STORES } from "./demo_stores.ts";

interface Scene {
  readonly store: DemoStore;
  readonly demo: DemoProcess;
  readonly visit: DemoPage;
}

function pageTest(name: string, run: (scene: Scene) => Promise<void>, size?: Size): void {
  for (const [broker, openStore] of STORES) {
    Deno.test({
      name: `demo's page on ${broker}: ${name}`,
      // Where there is no Chromium; ./demo_browser.ts says so.
      ignore: CHROMIUM === undefined,
      async fn() {
        await using store = await openStore();
        await using demo = await DemoProcess.start(store);
        await using visit = await DemoPage.open(demo.origin, size);
        await run({ store, demo, visit });
        assertEquals(visit.faults, []);
      },
    });
  }
}

pageTest("an upload shows its progress, then three pictures", async ({ visit }) => {
  const { page } = visit;
  await visit.record("#picture-message [data-part=detail]");
  await visit.upload(await phonePhoto(), "me.jpg", "image/jpeg");
  await page.getByText("Three sizes made").waitFor();
  const told = await visit.recorded();
  assert(told.some((text) => /^[12] of 3 sizes made$/.test(text)), told.join(" | "));
  assertEquals(await visit.pictures(), [512, 192, 64]);
  const receipt = await page.locator("[data-part=receipt]").textContent();
  assertMatch(receipt!, /Answered 202 after \d+ ms.*Location:.*\/dabba\/messages\//);
  await page.reload();
  await visit.pictures();
});

pageTest(
  "a file that is no whole picture brings a message, and no work",
  async ({ visit, store }) => {
    const { page } = visit;
    const complaint = page.locator("#picture-error");
    const jpeg = await smallPicture("jpeg");
    const files: [Uint8Array, string, string][] = [
      [new TextEncoder().encode("Dear diary"), "text/plain", "not a picture"],
      [jpeg.slice(0, jpeg.length / 2), "image/jpeg", "damaged or incomplete"],
      [new Uint8Array(11_000_000), "image/jpeg", "the limit is 10 MB"],
    ];
    for (const [bytes, type, words] of files) {
      await visit.upload(bytes, "file", type);
      await complaint.filter({ hasText: words }).waitFor();
    }
    assertEquals(await page.locator("#picture").getAttribute("aria-invalid"), "true");
    assertEquals(await store.queues(), 0);
    await visit.upload(jpeg, "small.jpg", "image/jpeg");
    await page.getByText("Three sizes made").waitFor();
    assertEquals(await complaint.textContent(), "");
  },
);

pageTest("a postcard backs off, outlives the demo, and is sent", async ({ visit, demo }) => {
  const { page } = visit;
  await visit.turnPartner(false);
  await visit.send("Wish you were here");
  const card = visit.card("Wish you were here");
  await card.locator("tr[data-kind=bad]").first().waitFor();
  await card.getByText(/^Attempt \d of 10 in \d+ s$/).waitFor();
  assertStringIncludes((await card.locator("tbody").textContent())!, "Partner answered 503");
  await demo.end("SIGKILL");
  await page.getByText("No answer. Trying again …").waitFor();
  await visit.send("Into the void");
  const complaint = page.locator("#postcard-error");
  await complaint.filter({ hasText: "The demo does not answer." }).waitFor();
  await demo.restart();
  await page.waitForSelector("#connection[data-state=connected]");
  assertEquals(await complaint.textContent(), "");
  assertEquals(await page.getByRole("switch").getAttribute("aria-checked"), "false");
  await card.locator("tr[data-kind=bad]").nth(1).waitFor();
  await page.reload();
  await card.getByText(/^Attempt [3-9] of 10/).waitFor();
  await visit.turnPartner(true);
  await card.getByText(/^Sent at attempt [3-9]$/).waitFor();
  await card.locator("summary").click();
  await card.getByText(/^Sent, PC-[0-9A-F]{8}$/).waitFor();
});

pageTest(
  "it obeys people while more messages wait than it can hold connections",
  async ({ visit }) => {
    await visit.turnPartner(false);
    const texts = Array.from({ length: 8 }, (_, index) => `Postcard no. ${index}`);
    for (const text of texts) {
      await visit.send(text);
      await visit.card(text).locator("tr[data-kind=bad]").first().waitFor();
    }
    await visit.turnPartner(true);
    for (const text of texts) await visit.card(text).getByText(/^Sent at attempt/).waitFor();
  },
);

pageTest("nothing sticks out on a phone", async ({ visit }) => {
  const { page } = visit;
  assertEquals(await visit.sideways(), 0);
  await visit.turnPartner(false);
  await visit.send("W".repeat(120));
  await visit.card("WWW").locator("tr[data-kind=bad]").first().waitFor();
  await visit.upload(await smallPicture("png"), "a-long-name-".repeat(12) + ".png", "image/png");
  await page.getByText("Three sizes made").waitFor();
  assertEquals(await visit.sideways(), 0);
}, PHONE);
