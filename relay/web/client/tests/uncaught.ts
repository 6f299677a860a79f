// What nobody catches, for tests in which a listener fails: it would end the test's process.

/** Runs `body`, which sees the errors that are uncaught meanwhile. */
export async function catching(body: (failures: unknown[]) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  const uncaught = (error: unknown) => failures.push(error);
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException").on("uncaughtException", uncaught);
  try {
    await body(failures);
  } finally {
    process.removeListener("uncaughtException", uncaught);
    for (const other of others) process.on("uncaughtException", other);
  }
}
