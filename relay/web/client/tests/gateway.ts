// Real gateways and a real Redis for tests, each on a port of its own, to be killed and brought back.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";

const ROOT = repository(dirname(fileURLToPath(import.meta.url)));
const { TAILRACE_PYTHON, CI } = process.env;
const PYTHON = TAILRACE_PYTHON ?? join(ROOT, ".venv", "bin", "python");
const REDIS = ["redis-server", "valkey-server"].find((name) => spawnSync(name, ["--version"]).status === 0);

// ms; generous, since other tests share the machine.
const START_TIMEOUT = 60_000;
const WAIT = 20_000;

vi.setConfig({ testTimeout: 3 * WAIT, hookTimeout: 3 * START_TIMEOUT });

/** Why there can be no gateway here; null where there can. On CI that is a failure, not a reason to skip. */
export const missing: string | null = existsSync(PYTHON)
  ? REDIS === undefined
    ? "no redis-server on PATH"
    : null
  : `no ${PYTHON}; 'python3 tools/setup.py --dev' makes it, or name one by TAILRACE_PYTHON`;
if (missing && CI === "true") throw new Error(missing);

export class Redis {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, port: number) {
    this.#process = process;
    this.url = `redis://127.0.0.1:${port}/0`;
  }

  static async start(): Promise<Redis> {
    const port = await freePort();
    const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    const process = spawn(REDIS ?? "redis-server", options, { stdio: ["ignore", "pipe", "ignore"] });
    let said = "";
    process.stdout?.on("data", (data) => {
      said += data;
    });
    await until(() => said.includes("Ready to accept connections"), `redis-server on port ${port}`, START_TIMEOUT);
    return new Redis(process, port);
  }

  async stop(): Promise<void> {
    await ended(this.#process, "SIGKILL");
  }
}

export class Gateway {
  readonly url: string;
  readonly prefix: string;
  readonly #command: string[];
  readonly #environment: Record<string, string>;
  #process: ChildProcess | null = null;

  private constructor(port: number, redis: string, prefix: string, environment: Record<string, string>) {
    this.url = `http://127.0.0.1:${port}`;
    this.prefix = prefix;
    const options = ["--port", String(port), "--url", redis, "--prefix", prefix];
    this.#command = ["-m", "tailrace_relay", "serve", ...options];
    this.#environment = environment;
  }

  /** @param environment such as TAILRACE_TOKEN_KEY. */
  static async start(
    redis: Redis,
    prefix = `t${randomBytes(6).toString("hex")}`,
    environment: Record<string, string> = {},
  ): Promise<Gateway> {
    const gateway = new Gateway(await freePort(), redis.url, prefix, environment);
    await gateway.start();
    return gateway;
  }

  /** As `tailrace serve`, on the port that it had. */
  async start(): Promise<void> {
    const paths = [join(ROOT, "agent"), join(ROOT, "relay")].join(":");
    const environment = { ...process.env, PYTHONPATH: paths, PYTHONDONTWRITEBYTECODE: "1", ...this.#environment };
    const child = spawn(PYTHON, this.#command, { env: environment, stdio: ["ignore", "ignore", "pipe"] });
    this.#process = child;
    let said = "";
    child.stderr?.on("data", (data) => {
      said = `${said}${data}`.slice(-4000);
    });
    const ready = async () => {
      if (child.exitCode !== null) throw new Error(`the gateway ended at its start:\n${said}`);
      const answer = await fetch(`${this.url}/api/ready`).catch(() => null);
      return answer?.status === 200;
    };
    await until(ready, `the gateway at ${this.url}`, START_TIMEOUT);
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    await this.stop("SIGKILL");
  }

  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    if (this.#process) await ended(this.#process, signal);
    this.#process = null;
  }

  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  unpause(): void {
    this.#process?.kill("SIGCONT");
  }

  /** Stores records in one stream and gives their IDs; a text is the message of a record. */
  async write(stream: string, records: (string | object)[], token?: string): Promise<string[]> {
    const body = records.map((record) => (typeof record === "string" ? { message: record } : record));
    const answer = await fetch(`${this.url}/api/streams/${stream}/records`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify(body),
    });
    if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { ids: string[] }).ids;
  }
}

/** A token by HS256. */
export function signed(key: string, claims: object): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
}

/** Asks until the answer is true; fails by saying what was awaited. */
export async function until(condition: () => unknown | Promise<unknown>, what: string, timeout = WAIT): Promise<void> {
  const deadline = Date.now() + timeout;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${timeout} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A port that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

function ended(process: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  return new Promise((resolve) => {
    if (process.exitCode !== null || process.signalCode !== null) {
      resolve();
      return;
    }
    process.once("exit", () => resolve());
    process.kill(signal);
    process.kill("SIGCONT"); // a frozen process would keep the signal for later
  });
}

function repository(from: string): string {
  return existsSync(join(from, "pyproject.toml")) ? from : repository(dirname(from));
}
