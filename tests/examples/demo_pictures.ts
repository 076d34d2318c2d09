/** Pictures for the demo's tests, made when they are needed. */
import { Buffer } from "node:buffer";
import sharp from "sharp";

/** Is red on its left half and blue on its right one, with light and grain in both. */
async function halves(width: number, height: number): Promise<sharp.Sharp> {
  const noise = { type: "gaussian", mean: 128, sigma: 60 } as const;
  const [w, h] = [Math.ceil(width / 6), Math.ceil(height / 6)];
  // Coarse enough that the smaller sizes have something to draw, too.
  const grain = await sharp({
    create: { width: w, height: h, channels: 3, background: "#888", noise },
  })
    .resize(width, height, { fit: "fill", kernel: "cubic" })
    .png({ compressionLevel: 0 }).toBuffer();
  const colours = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <radialGradient id="light"><stop stop-color="#fff"/><stop offset="1" stop-color="#000"/></radialGradient>
    <rect width="100%" height="100%" fill="url(#light)" opacity="0.4"/>
    <rect width="50%" height="100%" fill="#e02020" opacity="0.6"/>
    <rect x="50%" width="50%" height="100%" fill="#2030e0" opacity="0.6"/>
  </svg>`;
  return sharp(grain).composite([{ input: Buffer.from(colours) }]);
}

/**
 * Is what a phone makes when held upright: 3000 × 2000 pixels, a camera's name, and the word that
 * the picture is to be turned by a quarter. Then the red half is at the top.
 */
export async function phonePhoto(): Promise<Uint8Array<ArrayBuffer>> {
  const picture = (await halves(3000, 2000)).jpeg({ quality: 85 })
    .withExif({ IFD0: { Make: "Tiffin", Model: "Carrier" } })
    .withMetadata({ orientation: 6 });
  return new Uint8Array(await picture.toBuffer());
}

/** Is a small picture of a format. */
export async function smallPicture(
  format: "jpeg" | "png" | "webp" | "avif" | "gif" | "tiff",
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await halves(300, 200)).toFormat(format).toBuffer());
}

/** Is a PNG of 144 megapixels in less than half a megabyte. */
export async function bomb(): Promise<Uint8Array<ArrayBuffer>> {
  const black = { width: 12_000, height: 12_000, channels: 3, background: "#000" } as const;
  return new Uint8Array(await sharp({ create: black }).png({ compressionLevel: 9 }).toBuffer());
}
