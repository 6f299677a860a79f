import { deflateRawSync, deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { decodeFrame, FrameError } from "../../src/frame/index.ts";
import { bodyOf, bytesOf, frameOf, packedText, vectors } from "./bytes.ts";

async function refusal(bytes: Uint8Array): Promise<string> {
  const refused = await decodeFrame(bytes).then(
    () => "nothing",
    (error: unknown) => error,
  );
  expect(refused).toBeInstanceOf(FrameError);
  return String(refused);
}

/** So many bytes, the same each time. */
function* noise(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    yield state >>> 16;
  }
}

describe("a hostile frame", () => {
  test("that inflates to far more than it says is left at once", async () => {
    const bomb = deflateSync(Buffer.alloc(64 << 20));
    const before = process.memoryUsage().arrayBuffers;
    expect(await refusal(frameOf(bomb, 1 << 16, 1))).toContain("does not inflate to the 65536 bytes");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 << 20);
  });

  test("that hides something behind what it deflates is refused", async () => {
    const body = bodyOf([0x80]);
    const packed = deflateSync(body);
    expect((await decodeFrame(frameOf(packed, body.length, 1))).records).toHaveLength(1);
    expect(await refusal(frameOf(Buffer.concat([packed, Buffer.alloc(5)]), body.length, 1))).toContain("inflate");
    expect(await refusal(frameOf(deflateRawSync(body), body.length, 1))).toContain("inflate");
    expect(await refusal(frameOf(new Uint8Array(), 0, 1))).toContain("inflate");
    expect(await refusal(frameOf(new Uint8Array(2), 1, 1))).toContain("inflate");
  });

  test("that claims more elements than there may be is refused before they are made", async () => {
    const many = [0x81, ...packedText("metadata"), 0xdd, 0, 0, 0x40, 1];
    expect(await refusal(frameOf(bodyOf(many)))).toContain("16385 elements are beyond the limit");
    expect(await refusal(frameOf(bodyOf([0x81, ...packedText("metadata"), 0xdc, 0x40, 0])))).toContain("ends before");
  });

  test("that nests what is passed over without end is refused", async () => {
    const nested = [0x81, ...packedText("unknown"), ...Array.from({ length: 100_000 }, () => 0x91), 0xc0];
    expect(await refusal(frameOf(bodyOf(nested)))).toContain("nested more than 512 deep");
  });

  test("of a size beyond an agent's may not hold more arrays than an agent writes", async () => {
    const begin = bodyOf([0x81, ...packedText("metadata"), 0xdc, 0, 80]);
    const body = Buffer.concat([begin, Buffer.alloc(80 * (3 + 16_384), 0x90)]);
    for (let row = 0; row < 80; row++) body.set([0xdc, 0x40, 0], begin.length + row * (3 + 16_384));
    expect(await refusal(frameOf(body))).toContain("more than 65536 arrays and maps");
  });

  test("has no say in the prototypes of its fields", async () => {
    const key = packedText("__proto__");
    const body = bodyOf([0x81, ...packedText("fields"), 0x81, ...key, 0x81, ...packedText("isAdmin"), 0xc3]);
    const [record] = (await decodeFrame(frameOf(body))).records;
    expect(Object.keys(record?.fields ?? {})).toEqual(["__proto__"]);
    expect(Reflect.get(record?.fields ?? {}, "isAdmin")).toBeUndefined();
  });

  test("is a FrameError, whatever is in it", async () => {
    const valid = vectors<{ valid: { hex: string }[] }>("frames").valid.map(({ hex }) => bytesOf(hex));
    const random = noise(5);
    for (let turn = 0; turn < 300; turn++) {
      const frame = valid[turn % valid.length]?.slice() ?? new Uint8Array();
      const body = frame.subarray(76);
      for (let change = turn % 4; change >= 0; change--) {
        body[(random.next().value ?? 0) % body.length] = random.next().value ?? 0;
      }
      const changed = frameOf(body, new DataView(frame.buffer).getUint32(36), frame[3], {
        24: [...frame.subarray(24, 76)],
      });
      const outcome = await decodeFrame(changed).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(FrameError);
    }
  });
});
