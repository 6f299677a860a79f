// A process that logs by the agent's handler, as a service does.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Gateway, Redis } from "../../client/tests/gateway.ts";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const { TAILRACE_PYTHON = join(ROOT, ".venv", "bin", "python") } = process.env;
const PROGRAM = "import logging, sys, tailrace; tailrace.install(); logging.warning('up'); sys.stdin.read()";

export class Agent {
  readonly #process: ChildProcess;
  readonly #spool = mkdtempSync(join(tmpdir(), "tailrace-"));

  constructor(redis: Redis, gateway: Gateway, service: string) {
    this.#process = spawn(TAILRACE_PYTHON, ["-c", PROGRAM], {
      stdio: ["pipe", "ignore", "inherit"],
      env: {
        ...process.env,
        PYTHONPATH: join(ROOT, "agent"),
        PYTHONDONTWRITEBYTECODE: "1",
        TAILRACE_URL: redis.url,
        TAILRACE_PREFIX: gateway.prefix,
        TAILRACE_SERVICE: service,
        TAILRACE_SPOOL_DIR: this.#spool,
      },
    });
  }

  /** Ends the program, which says goodbye. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.stdin?.end();
    await ended;
    rmSync(this.#spool, { recursive: true, force: true });
  }
}
