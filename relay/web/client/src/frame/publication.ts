import { FrameError } from "./errors.ts";
import { type FrameHeader, readHeader } from "./frame.ts";
import { parseStreamId } from "./ids.ts";

/** What stands on a stream's channel in Redis: docs/PROTOCOL.md, A8. */
export interface Publication {
  /** Of the frame's last record. */
  id: string;
  epoch: string;
  generation: number;
  header: FrameHeader;
  /** For `decodeFrame`. */
  frame: Uint8Array;
}

// Characters of the longest head: an ID, an epoch and a generation.
const LONGEST = 96;

const RIGHT = "right would be '<ID> <epoch> <generation>', a line feed and a frame";

/** @throws {FrameError} naming what is wrong with the publication or its frame. */
export function readPublication(bytes: Uint8Array): Publication {
  const end = bytes.subarray(0, LONGEST).indexOf(10);
  if (end < 0) throw new FrameError(`no publication: there is no line feed; ${RIGHT}`);
  const head = String.fromCharCode(...bytes.subarray(0, end));
  const [, id = "", epoch = "", number] = /^(\d+-\d+) ([A-Za-z0-9]{1,32}) (0|[1-9]\d*)$/.exec(head) ?? [];
  const generation = Number(number);
  if (!id || !Number.isSafeInteger(generation)) throw new FrameError(`no publication: ${RIGHT}`);
  parseStreamId(id);
  const frame = bytes.subarray(end + 1);
  return { id, epoch, generation, header: readHeader(frame), frame };
}
