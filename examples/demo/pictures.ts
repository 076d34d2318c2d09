/** The intake check: whether bytes are a whole picture of a kind that we take. */

import sharp from "sharp";
import { Refusal } from "./refusal.ts";

/** The most pixels: 50 megapixels, which a good phone makes and a worker can hold in memory. */
const MAX_PIXELS = 50_000_000;

/** How libvips reads: a broken picture is an error, and a bomb is not unpacked. */
export const READING: sharp.SharpOptions = { failOn: "error", limitInputPixels: MAX_PIXELS };

const ACCEPTED = "JPEG, PNG, WebP or AVIF";

/** Throws a `Refusal` unless the bytes are a picture that can be read to its end. */
export async function checkPicture(bytes: Uint8Array): Promise<void> {
  refuseKind(bytes);
  const { width, height } = await sharp(bytes, { failOn: "error", limitInputPixels: false })
    .metadata()
    .catch(() => {
      throw broken();
    });
  if (width * height > MAX_PIXELS) {
    throw new Refusal(
      422,
      "too_many_pixels",
      `This picture has ${width.toLocaleString("en")} × ${height.toLocaleString("en")} pixels: ` +
        `the limit is ${MAX_PIXELS / 1_000_000} megapixels.`,
    );
  }
  // A small copy needs every byte of the original, but only a few of its pixels in memory.
  await sharp(bytes, READING).resize(64, 64, { fit: "fill" }).raw().toBuffer().catch(() => {
    throw broken();
  });
}

function broken(): Refusal {
  return new Refusal(
    422,
    "broken_picture",
    "This picture is damaged or incomplete.",
  );
}

// Told by their first bytes, so that libvips is only ever given what it is meant to read.
function refuseKind(bytes: Uint8Array): void {
  const kind = kindOf(bytes);
  if (kind === "accepted") return;
  const what = kind === "unknown" ? "This file is not a picture" : `This is ${kind} file`;
  throw new Refusal(415, "wrong_kind", `${what}: send ${ACCEPTED}.`);
}

function kindOf(bytes: Uint8Array): string {
  const head = String.fromCharCode(...bytes.subarray(0, 512));
  if (head.startsWith("\xff\xd8\xff") || head.startsWith("\x89PNG\r\n\x1a\n")) return "accepted";
  if (head.startsWith("RIFF") && head.slice(8, 12) === "WEBP") return "accepted";
  if (head.slice(4, 8) === "ftyp") return kindOfMedia(head.slice(8, 64));
  if (head.startsWith("GIF8")) return "a GIF";
  if (head.startsWith("%PDF")) return "a PDF";
  if (head.startsWith("II*\0") || head.startsWith("MM\0*")) return "a TIFF";
  return /<svg[\s>]/i.test(head) ? "an SVG" : "unknown";
}

// AVIF, HEIC and MP4 share a container, which begins with the names of what it is made for.
function kindOfMedia(brands: string): string {
  if (brands.includes("avif")) return "accepted";
  return /hei[cxms]|he[vm]c|mif1/.test(brands) ? "an HEIC" : "a video";
}
