/** The avatar task: three square sizes of a picture, as a class with a `@task` method. */

import { RejectError, task, type TaskContext } from "@dabba/queue";
import sharp from "sharp";
import { z } from "zod";
import { READING } from "../pictures.ts";
import { KEY, type PictureStore } from "../storage.ts";

/** The sizes in pixels, in the order in which they are made: the quick ones first. */
export const SIZES = [64, 192, 512] as const;

const LARGEST = 512;

/** Is one picture that the task made. */
export interface Avatar {
  /** Its width and height, in pixels. */
  readonly size: number;
  /** Where it is served. */
  readonly url: string;
  /** How large its file is. */
  readonly bytes: number;
}

/** Makes avatars; the message carries the key of a picture, never its bytes. */
export class Avatars {
  readonly #pictures: PictureStore;

  /** Makes it for a store of pictures. */
  constructor(pictures: PictureStore) {
    this.#pictures = pictures;
  }

  /** Crops the picture to its most telling square and makes each size. May run more than once. */
  @task("avatar.resize", {
    input: z.object({ key: z.string().regex(KEY) }),
    backoff: ["1s", "5s", "30s"],
    timeout: "1m",
    retain: "1d",
  })
  async resize({ key }: { key: string }, ctx: TaskContext): Promise<{ pictures: Avatar[] }> {
    const original = await this.#pictures.original(key);
    if (original === undefined) throw new RejectError("The uploaded picture is no longer there");
    ctx.progress({ done: 0, of: SIZES.length });
    const square = await crop(original);
    const pictures: Avatar[] = [];
    for (const size of SIZES) {
      ctx.signal.throwIfAborted();
      const bytes = await encode(square, size);
      await this.#pictures.keepSize(key, size, bytes);
      pictures.push({ size, url: `/pictures/${key}/${size}.avif`, bytes: bytes.length });
      ctx.progress({ done: pictures.length, of: SIZES.length });
    }
    return { pictures };
  }
}

/** The square that draws the eye: skin, colour, contrast. All sizes then show the same. */
async function crop(original: Uint8Array): Promise<sharp.Sharp> {
  const { data, info } = await sharp(original, READING)
    .autoOrient()
    .resize(LARGEST, LARGEST, { fit: "cover", position: sharp.strategy.attention })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return sharp(data, { raw: { width, height, channels } });
}

/** From raw pixels, so that no camera, place or time of the original travels along. */
async function encode(square: sharp.Sharp, size: number): Promise<Uint8Array> {
  return await square.clone().resize(size, size).avif({ quality: 60, effort: 5 }).toBuffer();
}
