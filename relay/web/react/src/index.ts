export type { Gap, LogRecord, Service } from "@tailrace/client";
export { TailraceError } from "@tailrace/client";
export { LogList, type LogListProps } from "./log_list.tsx";
export { type LogStream, type LogStreamOptions, MOST_LOGS, useLogStream } from "./log_stream.ts";
export { type ProviderProps, TailraceProvider, useClient } from "./provider.tsx";
export { useServices } from "./services.ts";
