// A document for React beside Node's own fetch and timers, which really reach a gateway.

import { Window } from "happy-dom";

const page = new Window({ url: "http://127.0.0.1/" });

Object.assign(globalThis, {
  window: page,
  document: page.document,
  navigator: page.navigator,
  HTMLElement: page.HTMLElement,
  HTMLIFrameElement: page.HTMLIFrameElement,
  Element: page.Element,
  Node: page.Node,
  ResizeObserver: page.ResizeObserver,
  requestAnimationFrame: page.requestAnimationFrame.bind(page),
  cancelAnimationFrame: page.cancelAnimationFrame.bind(page),
});
