import { beforeEach, describe, expect, test, vi } from "vitest";
import { answers, click, draw, fill, find, report, reset, settled, show, texts, told, until } from "./stage.ts";

const { ConnectionBadge } = await import("../../src/status/badge.tsx");
const { Banner, tokenIn } = await import("../../src/status/banner.tsx");
const { Summary } = await import("../../src/status/summary.tsx");
const { Announcer } = await import("../../src/status/announcer.tsx");
const { following } = await import("../../src/state/reading.ts");
const { rights, rightsOf } = await import("../../src/state/rights.ts");
const { view } = await import("../../src/state/view.ts");

const TOKEN = `eyJhbGciOiJIUzI1NiJ9.${btoa(JSON.stringify({ actions: ["read", "clear"], streams: ["api"] }))}.c2ln`;

beforeEach(async () => {
  await reset();
  await draw();
});

async function openBadge(): Promise<void> {
  if (find(".badge button").getAttribute("aria-expanded") === "false") await click(find(".badge button"));
  await until(() => document.querySelector(".facts"), "the details");
}

describe("the badge", () => {
  test("shows how the connection is, and how whole what arrived", async () => {
    await show(<ConnectionBadge />);
    expect(texts(".badge button")).toEqual(["Connected0 lost · 0 duplicated · 0 reconnects"]);
    await draw({ state: { connection: "disconnected" }, proof: { reconnects: 2, declared: 7 } });
    expect(texts(".badge button")).toEqual(["Disconnected7 lost · 0 duplicated · 2 reconnects"]);
  });

  test("is red and says so when something is missing", async () => {
    await show(<ConnectionBadge />);
    await draw({ proof: { whole: false, missing: 3 } });
    expect(texts(".badge-bad .badge-fault")).toEqual(["3 missing without a gap"]);
  });

  test("has the details in what it opens", async () => {
    await show(<ConnectionBadge />);
    await draw({ lag: 12, rate: 4.2, proof: { records: 1_204, lost: { trimmed: 5 }, declared: 5 } });
    await openBadge();
    const facts = find("[role=dialog] dl").textContent;
    for (const fact of ["web-1", "WebSocket", "1763683200000-42~4f1c~0", "12 ms", "4.2/s", "1,204 records"])
      expect(facts).toContain(fact);
    expect(facts).toContain("5 removed by retention");
  });

  test("tries at once when that is wanted, and says when it would by itself", async () => {
    await show(<ConnectionBadge />);
    await draw({ state: { connection: "disconnected", retryAt: Date.now() + 4_500 } });
    await openBadge();
    expect(find(".retry").textContent).toMatch(/^Connect now \(in [45] s\)$/);
    await click(find(".retry"));
    expect(told.at(-1)).toEqual({ type: "retry" });
  });
});

describe("the banner", () => {
  test("is empty while all is well", async () => {
    report({ type: "services", services: [] });
    await show(<Banner />);
    expect(texts(".banner")).toEqual([]);
  });

  test("says what a gateway refuses", async () => {
    await show(<Banner />);
    const refusal = { code: "bad_request", message: "no such time", parameter: "since", position: null, length: null };
    await draw({ refusal });
    expect(texts(".banner [role=alert]")).toEqual(["No such time."]);
  });

  test("takes another token, and shows none", async () => {
    await show(<Banner />);
    report({ type: "token-wanted" });
    await until(() => document.querySelector(".token"), "the form");
    const input = find<HTMLInputElement>(".token input");
    expect(input.type).toBe("password");
    expect(find<HTMLButtonElement>(".token button").disabled).toBe(true);
    await fill(input, ` ${TOKEN} `);
    find<HTMLFormElement>(".token").requestSubmit();
    await settled();
    expect(told.at(-1)).toEqual({ type: "token", token: TOKEN });
    expect(rights.value).toEqual({ actions: ["read", "clear"], streams: ["api"] });
    expect(document.querySelector(".token")).toBeNull();
    expect(document.body.innerHTML).not.toContain(TOKEN);
  });

  test("finds the token in a link, too", () => {
    expect(tokenIn(`http://127.0.0.1:8000/?streams=api#gateways=x&token=${TOKEN}`)).toBe(TOKEN);
    expect(tokenIn(` ${TOKEN}\n`)).toBe(TOKEN);
  });
});

describe("rights", () => {
  test("are those of the token, as far as it can be read", () => {
    expect(rightsOf(TOKEN)).toEqual({ actions: ["read", "clear"], streams: ["api"] });
    expect(rightsOf(`a.${btoa('{"streams":["api",7]}')}.b`)).toEqual({ actions: ["read"], streams: ["api"] });
    for (const text of ["", "secret", "a.b.c", `a.${btoa("7")}.b`]) expect(rightsOf(text)).toBeNull();
  });
});

describe("the summary", () => {
  test("says what is held, what matches and how much left", async () => {
    await show(<Summary />);
    await draw({ held: 5_003, left: 12, totals: { info: 3_000, error: 2 } });
    expect(texts(".sum-held")).toEqual(["5,003 held · 3,002 matched · 12 left to make room"]);
  });

  test("shows a level alone, others with it, and all again", async () => {
    await show(<Summary />);
    await draw({ totals: { info: 7, error: 2, critical: 1 } });
    expect(texts(".sum-level")).toEqual(["critical 1", "error 2", "info 7"]);
    await click(find(".sum-error"));
    expect(view.value.levels).toEqual(["error"]);
    await click(find(".sum-critical"));
    expect(view.value.levels).toEqual(["error", "critical"]);
    expect(find(".sum-error").getAttribute("aria-pressed")).toBe("true");
    await draw({ totals: { critical: 1 } });
    expect(texts(".sum-level")).toEqual(["critical 1", "error 0", "warning", "info", "debug", "trace"]);
    await click(find(".sum-error"));
    await click(find(".sum-critical"));
    expect(view.value.levels).toEqual([]);
  });

  test("says which time that is", async () => {
    await show(<Summary />);
    await draw({ span: [0, 125_000] });
    expect(texts(".sum-span")[0]).toContain("(2 min 5 s)");
  });
});

describe("a page that nobody sees", () => {
  const hide = (hidden: boolean) => {
    Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
    document.dispatchEvent(new Event("visibilitychange"));
  };

  test("counts errors in its title until it is seen", async () => {
    await show(<Announcer />);
    await draw({ totals: { error: 2 } });
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    answers.histogram = () => ({ start: 0, width: 1, counts: [0, 0, 7, 0, 5, 1] });
    hide(true);
    vi.advanceTimersByTime(5_000);
    vi.useRealTimers();
    await until(() => document.title === "(4) Tailrace", "the title");
    hide(false);
    await until(() => document.title === "Tailrace", "the title without");
  });
});

describe("the announcer", () => {
  test("tells of a change politely, and the title of errors that nobody saw", async () => {
    await show(<Announcer />);
    await draw({ state: { connection: "disconnected" } });
    expect(texts("[role=status][aria-live=polite]")).toEqual(["Disconnected"]);
    expect(document.title).toBe("Tailrace");
    following.value = { ...following.value, all: false };
    const list = { first: 0, count: 9, records: 9, hits: 0, unseen: { records: 9, errors: 3 }, rows: [] };
    await draw({ lists: { all: list, system: list, audit: list } });
    expect(document.title).toBe("(3) Tailrace");
  });
});
