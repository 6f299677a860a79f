export type {
  Client,
  ConnectOptions,
  DownloadFormat,
  Page,
  PageOptions,
  Question,
  Selection,
  Subscription,
  Summary,
  SummaryOptions,
} from "./client.ts";
export { connect } from "./connect.ts";
export { TailraceError } from "./errors.ts";
export type {
  Connection,
  GapEvent,
  Proof,
  RecordsEvent,
  StateEvent,
  StreamEvent,
  SubscriptionState,
} from "./events.ts";
export type { Gap, GapReason, LogRecord, Service, StreamHorizon } from "./records.ts";
