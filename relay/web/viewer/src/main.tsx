import { render } from "preact";
import { App } from "./app.tsx";
import { furnish } from "./around.ts";
import { openRecord } from "./list/opened.ts";
import { followSources } from "./sources/follow.ts";
import { engine } from "./state/page.ts";
import { followQuestion, view } from "./state/view.ts";
import { bringStyles } from "./time/later.ts";
import "./style/theme.ts";
import "./style/tokens.css";
import "./style/page.css";

// Before anything is drawn, and before what is loaded later takes the browser's connections: the answer takes longest.
followQuestion((question, wider) => engine.follow(question, wider));
followSources();
openRecord();
bringStyles();
void draw();

async function draw(): Promise<void> {
  // A browser begins a worker only while this thread is idle: drawing waits, but not for one that may never come.
  await Promise.race([engine.begun, rest(100)]);
  const place = document.getElementById("app");
  if (place) render(<App />, place);
  if (view.peek().record) await Promise.race([answered(), rest(1_000)]);
  furnish();
}

/** When a linked record is there: what stands around the lists comes behind it, as long as that does not take too long. */
function answered(): Promise<void> {
  return new Promise((resolve) => engine.frame.subscribe((frame) => frame && !frame.pending && resolve()));
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
