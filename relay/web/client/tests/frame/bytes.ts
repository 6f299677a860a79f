import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";

/** One of the files of tests/vectors, which pytest replays, too. */
export function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../../../tests/vectors/${name}.json`, import.meta.url), "utf8"));
}

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}

/** A frame of a body, with a checksum that fits; `header` is written over the header's bytes, by offset. */
export function frameOf(
  body: Uint8Array,
  size = body.length,
  codec = 0,
  header: Record<number, number[]> = {},
): Uint8Array {
  const frame = Buffer.alloc(76 + body.length);
  frame.write("TR");
  frame.set([1, codec], 2);
  frame.writeBigUInt64BE(1n, 24);
  frame.writeUInt16BE(1, 32);
  frame[34] = 255;
  frame.writeUInt32BE(size, 36);
  frame.writeBigUInt64BE(253_402_300_799_999_999n, 48);
  for (const [offset, bytes] of Object.entries(header)) frame.set(bytes, Number(offset));
  frame.set(body, 76);
  frame.writeUInt32BE(crc32(frame.subarray(8)), 4);
  return new Uint8Array(frame);
}

/** The body of one record with this map of the rest. */
export function bodyOf(rest: readonly number[]): Uint8Array {
  return Uint8Array.from([0x92, 0x80, 0x99, 0, 20, 0xa0, 0xa1, 0x78, 0xc0, 0xc0, 0xc0, 0xc0, ...rest]);
}

/** A text of up to 31 bytes in msgpack. */
export function packedText(text: string): number[] {
  const bytes = [...new TextEncoder().encode(text)];
  return [0xa0 | bytes.length, ...bytes];
}
