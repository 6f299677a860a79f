import { type Gap, LogList, type LogRecord, useLogStream } from "@tailrace/react";

/** A job: how far it is, and its log below. */
export function JobPage({ job }: { job: string }) {
  const { logs, isConnected, error, gaps, pause, resume, pending } = useLogStream({
    streams: `run:${job}`,
    tail: 1000,
    enabled: job !== "",
  });
  if (!job) return <p className="note">Which job? Add ?job=… to this address.</p>;
  return (
    <main>
      <h1>Job {job}</h1>
      <Progress job={job} />
      <p className="note">
        <span role="status">{error ? error.message : isConnected ? "Connected" : "Connecting"}</span>
        {pending > 0 && ` · ${pending} new below`}
      </p>
      {gaps.map((gap) => (
        <p key={`${gap.after} ${gap.before} ${gap.reason}`} className="gap">
          {describe(gap)}
        </p>
      ))}
      <LogList className="log" aria-label="Log" logs={logs} onFollow={(following) => (following ? resume() : pause())}>
        {(record) => <Line record={record} />}
      </LogList>
    </main>
  );
}

// What says how far the job is; the newest of it is enough.
const STEPS = "done:>=0 OR kind:finish OR kind:died";
const NEWEST = 20;

/** A question of its own: it goes on while the reader has scrolled up in the log, which stands still then. */
function Progress({ job }: { job: string }) {
  const { logs } = useLogStream({ streams: `run:${job}`, query: STEPS, tail: NEWEST, max: NEWEST });
  const last = logs.findLast((record) => typeof record.fields?.done === "number");
  const finish = logs.findLast((record) => record.kind === "finish" || record.kind === "died");
  const { done = 0, total = 1 } = (last?.fields ?? {}) as { done?: number; total?: number };
  return (
    <p className="progress">
      <progress value={done} max={total} aria-label="Progress" />
      <span>{finish ? (finish.fields?.status === "ok" ? "finished" : finish.message) : `${done} of ${total}`}</span>
    </p>
  );
}

function Line({ record }: { record: LogRecord }) {
  return (
    <span className={`line ${record.level.toLowerCase()}`}>
      <time dateTime={record.time}>{record.time.slice(11, 23)}</time> {record.level} {record.message}
    </span>
  );
}

function describe({ count, reason }: Gap): string {
  if (reason === "fork") return `Redis fell back behind its last ${count} records; what the job still has comes again`;
  if (reason === "epoch") return "Redis began anew; nobody knows how many records are not here";
  // All of them had come.
  if (count === 0) return "The log was cleared";
  return `${count} records are not here: ${reason}`;
}
