// What stands around the lists, and is not waited for by them: it is loaded behind a record that a link names.
import { useLayoutEffect } from "preact/hooks";
import { KeepMenu } from "./export/menu.tsx";
import { listenForKeys } from "./keys/keyboard.ts";
import { declareActions } from "./list/actions.ts";
import { PageMenu } from "./page_menu.tsx";
import { SourceChooser } from "./sources/sources.tsx";
import { Toolbar } from "./sources/toolbar.tsx";
import { ConnectionBadge } from "./status/badge.tsx";
import { tellMistakes } from "./status/mistakes.ts";
import { declareTimeActions } from "./time/actions.ts";

export { Dialogs } from "./dialogs.tsx";
export { ChosenBar } from "./list/chosen_bar.tsx";
export { Floating } from "./list/floating.tsx";
export { gesturesOf } from "./list/gestures.ts";
export { Separator } from "./list/separator.tsx";
export { Controls } from "./query/controls.tsx";
export { RunPages } from "./sources/runs.tsx";
export { Announcer } from "./status/announcer.tsx";
export { Banner } from "./status/banner.tsx";
export { Summary } from "./status/summary.tsx";
export { Place } from "./time/place.tsx";
export { Timeline } from "./time/timeline.tsx";

declareActions();
declareTimeActions();
tellMistakes();

/** What is read and how it arrives, what is kept, and how the page looks; and the keys for it all. */
export function Head() {
  // With the toolbar that is seen, and not a moment later.
  useLayoutEffect(listenForKeys, []);
  return (
    <>
      <SourceChooser />
      <Toolbar />
      <ConnectionBadge />
      <KeepMenu />
      <PageMenu />
    </>
  );
}
