// Services, streams and records as a gateway tells them.
import type { LogRecord, Service, StreamHorizon } from "@tailrace/client";

export function service(name: string, instances: Partial<Service["instances"]> = {}, streams = [name]): Service {
  const all = { running: 1, exited: 0, lost: 0, ...instances };
  const health = all.running ? (all.lost ? "degraded" : "healthy") : all.lost ? "down" : "stopped";
  const reasons = all.lost ? ["lost"] : [];
  return { service: name, health, reasons, instances: all, last: null, rate: 12.4, error_rate: 0, streams };
}

export function horizon(stream: string, records = 1, newestMs = 1_763_683_200_000): StreamHorizon {
  return {
    stream,
    epoch: "4f1c",
    oldest: records ? `${newestMs - 1_000}-1` : null,
    oldest_time: null,
    age: null,
    newest: `${newestMs}-${records}`,
    records,
    bytes: 100 * records,
    limits: { age: 0, bytes: 0 },
    last_activity: null,
  };
}

export function record(kind: string, fields: Record<string, unknown> = {}, more: Partial<LogRecord> = {}): LogRecord {
  return {
    id: "1763683200000-1",
    time: "2025-11-21T00:00:00.000000Z",
    level: "INFO",
    level_number: 20,
    stream: "run:a",
    message: kind,
    producer: "p1",
    seq: 1,
    kind,
    fields,
    ...more,
  };
}
