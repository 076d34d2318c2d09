/** The demo's story without a browser: a real process, on SQLite and on Redis over HTTP. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import sharp from "sharp";
import { bomb, phonePhoto, smallPicture } from "./demo_pictures.ts";
import { DemoProcess } from "./demo_process.ts";
import { STORES } from "./demo_stores.ts";
import {
  follow,
  outcome,
  read,
  sendJson,
  sendPostcard,
  turnPartner,
  upload,
} from "./demo_visitor.ts";

interface Made {
  readonly pictures: readonly { readonly size: number; readonly url: string }[];
}

/** Gives the mean red and blue of a part of a picture. */
async function colours(picture: Uint8Array, top: number): Promise<{ red: number; blue: number }> {
  const part = await sharp(picture).resize(64, 64).extract({ left: 0, top, width: 64, height: 8 })
    .toBuffer();
  const { channels } = await sharp(part).stats();
  return { red: channels[0]!.mean, blue: channels[2]!.mean };
}

for (const [name, openStore] of STORES) {
  Deno.test(`demo on ${name}: an upload answers 202, and three sizes are made of it`, async () => {
    await using store = await openStore();
    await using demo = await DemoProcess.start(store);
    const response = await upload(demo.origin, await phonePhoto());
    assertEquals(response.status, 202);
    const receipt = await response.json();
    const path = response.headers.get("location")!;
    assertEquals([receipt.task, receipt.status], ["avatar.resize", path]);
    const events = await follow(demo.origin + path, ({ name }) => name === "result");
    assert(events.some(({ message }) => message.progress !== undefined), "no progress was told");
    const { state, output } = await read(demo.origin + path);
    assertEquals(state, "succeeded");
    const { pictures } = output as Made;
    assertEquals(pictures.map(({ size }) => size), [64, 192, 512]);
    for (const { size, url } of pictures) await checkSize(demo.origin + url, size);
  });

  Deno.test(`demo on ${name}: what is not a whole picture is refused, and not queued`, async () => {
    await using store = await openStore();
    await using demo = await DemoProcess.start(store);
    const jpeg = await smallPicture("jpeg");
    const [gif, tiff, packed] = [
      await smallPicture("gif"),
      await smallPicture("tiff"),
      await bomb(),
    ];
    const text = (words: string) => new TextEncoder().encode(words);
    const refusals: [() => Promise<Response>, number, string][] = [
      [() => upload(demo.origin, text("Not a picture at all")), 415, "not a picture"],
      [() => upload(demo.origin, text("<svg xmlns='http://www.w3.org/2000/svg'/>")), 415, "an SVG"],
      [() => upload(demo.origin, gif), 415, "a GIF"],
      [() => upload(demo.origin, tiff), 415, "a TIFF"],
      [() => upload(demo.origin, new Uint8Array()), 400, "empty"],
      [() => upload(demo.origin, jpeg, "photo"), 400, '"picture"'],
      [() => upload(demo.origin, jpeg.slice(0, jpeg.length / 2)), 422, "damaged or incomplete"],
      [() => upload(demo.origin, jpeg.slice(0, 20)), 422, "damaged or incomplete"],
      [() => upload(demo.origin, packed), 422, "50 megapixels"],
      [() => upload(demo.origin, new Uint8Array(11_000_000)), 413, "10 MB"],
      [() => sendJson(`${demo.origin}/avatars`, "POST", { picture: 1 }), 415, "multipart"],
      [() => sendJson(`${demo.origin}/postcards`, "POST", { text: "  " }), 400, "a few words"],
    ];
    for (const [send, status, words] of refusals) {
      const response = await send();
      const { error } = await response.json();
      assertEquals(response.status, status, error.message);
      assertStringIncludes(error.message, words);
    }
    assertEquals(await store.queues(), 0);
    assert(!demo.output.includes("enqueued"), demo.output);
  });

  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    Deno.test(`demo on ${name}: a postcard outlives ${signal} and a partner that is off`, async () => {
      await using store = await openStore();
      await using demo = await DemoProcess.start(store);
      await turnPartner(demo.origin, false);
      const location = await sendPostcard(demo.origin, "Hello");
      await follow(location, ({ message }) => message.history.length === 1);
      await demo.end(signal);
      await demo.restart();
      const { partnerOn } = await (await fetch(`${demo.origin}/demo`)).json();
      assertEquals(partnerOn, false);
      await follow(location, ({ message }) => message.history.length === 2);
      await turnPartner(demo.origin, true);
      const { state, attempts, output, history } = await outcome(location);
      assertEquals([state, attempts, history.length], ["succeeded", 3, 2]);
      assertEquals(history.map(({ attempt }) => attempt), [1, 2]);
      assertEquals(history[0]!.message, "Partner answered 503");
      assertMatch((output as { reference: string }).reference, /^PC-[0-9A-F]{8}$/);
    });
  }

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.test(`demo on ${name}: ${signal} ends it with code 0, a page still listening`, async () => {
      await using store = await openStore();
      await using demo = await DemoProcess.start(store);
      await turnPartner(demo.origin, false);
      const location = await sendPostcard(demo.origin, "Hello");
      const { body } = await fetch(`${location}/events`);
      const { code } = await demo.end(signal);
      assertEquals(code, 0, demo.output);
      assertStringIncludes(demo.output, "Stopped");
      assert(!/error/i.test(demo.output), demo.output);
      // The stream was ended, not broken off.
      await new Response(body).text();
    });
  }
}

async function checkSize(url: string, size: number): Promise<void> {
  const response = await fetch(url);
  assertEquals(response.headers.get("content-type"), "image/avif");
  const bytes = new Uint8Array(await response.arrayBuffer());
  const { width, height, format, compression, exif, orientation } = await sharp(bytes).metadata();
  assertEquals([width, height, format, compression], [size, size, "heif", "av1"]);
  assertEquals([exif, orientation], [undefined, undefined]);
  // The photo says that it is to be turned: then the red half is at the top.
  const [top, bottom] = [await colours(bytes, 0), await colours(bytes, 56)];
  assert(top.red > top.blue && bottom.blue > bottom.red, JSON.stringify({ top, bottom }));
}
