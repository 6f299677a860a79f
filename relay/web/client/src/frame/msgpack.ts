import { FrameError } from "./errors.ts";

// Elements of one array or map: docs/PROTOCOL.md, A3.
const MAX_LENGTH = 16_384;

// Arrays and maps of a body that is larger than an agent's: they take many times their bytes.
const MAX_CONTAINERS = 65_536;
const USUAL_BODY = 1 << 20;

// Arrays and maps within each other in what is passed over; far below what the stack holds.
const MAX_DEPTH = 512;

/** Named as an error names them. */
export type Kind = "nil" | "bool" | "int" | "float" | "str" | "bytes" | "ext" | "array" | "map";

/**
 * Reads msgpack value by value, and of arrays and maps the length, so that nothing is made that nobody asked for.
 * Everything throws a FrameError for what is no msgpack, and beyond the limits of docs/PROTOCOL.md, A3.
 */
export class MsgpackReader {
  /** Of a value that is no array and no map; an integer beyond 2^53 - 1 is a bigint. */
  value: null | boolean | number | bigint | string = null;
  /** How many elements or pairs follow. */
  length = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #containers = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Goes on to the next value. */
  next(): Kind {
    const byte = this.#unsigned(1);
    if (byte < 0x80) return this.#is("int", byte);
    if (byte < 0x90) return this.#container("map", byte & 15);
    if (byte < 0xa0) return this.#container("array", byte & 15);
    if (byte < 0xc0) return this.#text(byte & 31);
    if (byte >= 0xe0) return this.#is("int", byte - 256);
    if (byte >= 0xcc && byte < 0xcf) return this.#is("int", this.#unsigned(1 << (byte - 0xcc)));
    if (byte >= 0xd0 && byte < 0xd3) return this.#is("int", this.#signed(1 << (byte - 0xd0)));
    if (byte >= 0xd4 && byte < 0xd9) return this.#opaque("ext", 1 + (1 << (byte - 0xd4)));
    return this.#other(byte);
  }

  #other(byte: number): Kind {
    switch (byte) {
      case 0xc0:
        return this.#is("nil", null);
      case 0xc2:
      case 0xc3:
        return this.#is("bool", byte === 0xc3);
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#opaque("bytes", this.#unsigned(1 << (byte - 0xc4)));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#opaque("ext", 1 + this.#unsigned(1 << (byte - 0xc7)));
      case 0xca:
        return this.#is("float", this.#view.getFloat32(this.#pass(4)));
      case 0xcb:
        return this.#is("float", this.#view.getFloat64(this.#pass(8)));
      case 0xcf:
        return this.#is("int", small(this.#view.getBigUint64(this.#pass(8))));
      case 0xd3:
        return this.#is("int", small(this.#view.getBigInt64(this.#pass(8))));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#unsigned(1 << (byte - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#container("array", this.#unsigned(2 << (byte - 0xdc)));
      case 0xde:
      case 0xdf:
        return this.#container("map", this.#unsigned(2 << (byte - 0xde)));
      default:
        throw broken(`nothing begins with the byte ${byte}`);
    }
  }

  /** Passes over the next value, whatever it is. */
  skip(depth = 1): void {
    const kind = this.next();
    if (kind !== "array" && kind !== "map") return;
    if (depth > MAX_DEPTH) throw broken(`it is nested more than ${MAX_DEPTH} deep`);
    for (let left = kind === "map" ? 2 * this.length : this.length; left > 0; left--) this.skip(depth + 1);
  }

  #is(kind: Kind, value: MsgpackReader["value"]): Kind {
    this.value = value;
    return kind;
  }

  #opaque(kind: Kind, length: number): Kind {
    this.#pass(length);
    return this.#is(kind, null);
  }

  #text(length: number): Kind {
    const start = this.#pass(length);
    try {
      return this.#is("str", decoder.decode(this.#bytes.subarray(start, start + length)));
    } catch (error) {
      throw broken("a text is no UTF-8", error);
    }
  }

  #container(kind: Kind, length: number): Kind {
    if (length > MAX_LENGTH) throw broken(`${length} elements are beyond the limit of ${MAX_LENGTH}`);
    if (++this.#containers > MAX_CONTAINERS && this.#bytes.length > USUAL_BODY) {
      throw broken(`it holds more than ${MAX_CONTAINERS} arrays and maps`);
    }
    this.length = length;
    return this.#is(kind, null);
  }

  #unsigned(size: number): number {
    const start = this.#pass(size);
    if (size === 1) return this.#view.getUint8(start);
    return size === 2 ? this.#view.getUint16(start) : this.#view.getUint32(start);
  }

  #signed(size: number): number {
    const start = this.#pass(size);
    if (size === 1) return this.#view.getInt8(start);
    return size === 2 ? this.#view.getInt16(start) : this.#view.getInt32(start);
  }

  /** Goes on by so many bytes; where they begin. */
  #pass(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) throw broken("it ends before its end");
    this.#at += length;
    return start;
  }
}

function small(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function broken(what: string, cause?: unknown): FrameError {
  return new FrameError(`the body is no msgpack: ${what}`, cause);
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
