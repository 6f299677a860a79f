import { FrameError } from "./errors.ts";

// Bytes handed over at once. Each may become a thousand, and browsers inflate all that they are handed before anybody
// can stop them.
const SLICE = 4096;

// Of Adler-32; and bytes whose sums stay below 2^53.
const MODULUS = 65_521;
const RUN = 1 << 20;

/**
 * What zlib packed (RFC 1950), at most `size` bytes.
 *
 * @throws {FrameError} when it is damaged, is more, as soon as that shows, or is followed by anything.
 */
export async function inflate(packed: Uint8Array, size: number): Promise<Uint8Array> {
  const body = new Uint8Array(size);
  let filled = 0;
  const reader = slices(packed).pipeThrough(new DecompressionStream("deflate")).getReader();
  try {
    for (let { value } = await reader.read(); value; { value } = await reader.read()) {
      if (filled + value.length > size)
        throw new FrameError(`the body does not inflate to the ${size} bytes that its header says`);
      body.set(value, filled);
      filled += value.length;
    }
  } catch (error) {
    reader.cancel().catch(() => {}); // it says once more what is said here
    if (error instanceof FrameError) throw error;
    throw new FrameError(`the body does not inflate: ${error instanceof Error ? error.message : error}`, error);
  }
  const inflated = body.subarray(0, filled);
  // Browsers refuse what follows the end, Node does not.
  if (new DataView(packed.buffer, packed.byteOffset + packed.length - 4).getUint32(0) !== adler32(inflated)) {
    throw new FrameError("the body does not inflate: it is followed by something");
  }
  return inflated;
}

function slices(bytes: Uint8Array): ReadableStream<BufferSource> {
  let at = 0;
  return new ReadableStream(
    {
      pull(controller) {
        if (at < bytes.length) controller.enqueue(bytes.slice(at, at + SLICE));
        else controller.close();
        at += SLICE;
      },
    },
    { highWaterMark: 0 },
  );
}

function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (let start = 0; start < bytes.length; start += RUN) {
    for (const byte of bytes.subarray(start, start + RUN)) {
      low += byte;
      high += low;
    }
    low %= MODULUS;
    high %= MODULUS;
  }
  return high * 65_536 + low;
}
