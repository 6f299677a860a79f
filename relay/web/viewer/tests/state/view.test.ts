import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { EngineQuestion } from "../../src/engine/protocol.ts";
import { EMPTY } from "../../src/state/address.ts";
import { followQuestion, look, servicesStreams, settle, view } from "../../src/state/view.ts";

/** The addresses that the back button leads through, oldest first; the last is the one that is shown. */
let entries: string[];

beforeAll(() => {
  vi.spyOn(history, "pushState").mockImplementation((_, __, address) => {
    entries.push(String(address));
    place(String(address));
  });
  vi.spyOn(history, "replaceState").mockImplementation((_, __, address) => {
    entries[entries.length - 1] = String(address);
    place(String(address));
  });
});

afterAll(() => {
  place("/");
  vi.restoreAllMocks();
});

/** happy-dom's history does not move the address; a browser's does. */
function place(address: string): void {
  const { happyDOM } = window as unknown as { happyDOM: { setURL(address: string): void } };
  happyDOM.setURL(new URL(address, location.href).href);
}

function goBack(): void {
  entries.pop();
  place(entries.at(-1) ?? "/");
  dispatchEvent(new PopStateEvent("popstate"));
}

beforeEach(() => {
  entries = ["/"];
  place("/");
  dispatchEvent(new PopStateEvent("popstate"));
  servicesStreams.value = [];
});

describe("what is looked at", () => {
  test("stands in the address", () => {
    look({ query: "error", tail: 500 });
    expect(location.search).toBe("?query=error&tail=500");
    expect(entries).toHaveLength(1);
  });

  test("is gone back from, step by step", () => {
    look({ levels: ["error"] }, { step: true });
    look({ levels: [] }, { step: true });
    expect(entries).toEqual(["/", "/?levels=error", "/"]);
    goBack();
    expect(view.value.levels).toEqual(["error"]);
  });

  test("makes no step of each letter that is typed, and one of what was meant", () => {
    for (const query of ["e", "er", "err"]) look({ query }, { typing: true });
    expect(entries).toEqual(["/?query=err"]);
    settle();
    expect(entries).toEqual(["/", "/?query=err"]);
    settle();
    expect(entries).toHaveLength(2);
  });

  test("makes no step where nothing changes", () => {
    look({ query: "a" }, { step: true });
    look({ query: "a" }, { step: true });
    expect(entries).toEqual(["/", "/?query=a"]);
  });

  test("is gone back from to what stood there before a change of the page's own", () => {
    look({ services: ["shop"] });
    look({ query: "a" }, { step: true });
    expect(entries).toEqual(["/?services=shop", "/?services=shop&query=a"]);
  });

  test("keeps what stands behind the #", () => {
    place("/#gateways=http://127.0.0.1:8001");
    look({ query: "a" });
    expect(location.hash).toBe("#gateways=http://127.0.0.1:8001");
  });
});

describe("the question", () => {
  function asked(act: () => void): EngineQuestion[] {
    const questions: EngineQuestion[] = [];
    const stop = followQuestion((question) => questions.push(question));
    act();
    stop();
    return questions;
  }

  test("is not asked while nothing is chosen", () => {
    expect(asked(() => look({ query: "a" }))).toEqual([]);
  });

  test("names the streams chosen and those of the services once each", () => {
    servicesStreams.value = ["worker", "api"];
    const questions = asked(() => look({ streams: ["api"] }));
    expect(questions.at(-1)?.streams).toEqual(["api", "worker"]);
  });

  test("is a wider one where services have further streams, and another one where somebody chose", () => {
    look({ services: ["shop"] });
    servicesStreams.value = ["api"];
    const wider: boolean[] = [];
    const stop = followQuestion((_, isWider) => wider.push(isWider));
    servicesStreams.value = ["api", "worker"];
    look({ panels: "dual" });
    servicesStreams.value = ["api", "mail", "worker"];
    look({ streams: ["other"] });
    stop();
    expect(wider).toEqual([false, true, true, false]);
  });

  test("is of a record's own stream where a link names the record alone", () => {
    const questions = asked(() => {
      look({ record: "run:7/12-3" });
      look({ streams: ["run:7"] });
    });
    expect(questions.map(({ streams, record }) => [streams, record])).toEqual([[["run:7"], "run:7/12-3"]]);
  });

  test("is asked once for as long as it is the same", () => {
    servicesStreams.value = ["api"];
    const questions = asked(() => {
      look({ find: "a" });
      look({ panels: "dual" });
      look({ query: "a" });
      look({ query: "a " });
      servicesStreams.value = ["api"];
    });
    expect(questions.map(({ query }) => query)).toEqual(["", "a"]);
  });

  test("is all that is empty of a view that is", () => {
    expect(view.value).toEqual(EMPTY);
  });
});
