export { FrameError } from "./errors.ts";
export { decodeFrame, type Frame, type FrameHeader, placed, readHeader } from "./frame.ts";
export { compareStreamIds, parseStreamId, type StreamId } from "./ids.ts";
export { type Publication, readPublication } from "./publication.ts";
export type { Facts, FrameRecord } from "./record.ts";
