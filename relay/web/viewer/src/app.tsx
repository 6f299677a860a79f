import { around } from "./around.ts";
import { Panels } from "./list/panels.tsx";
import { histogramShown } from "./state/preferences.ts";
import { view } from "./state/view.ts";
// What the first frames say is known is said once, perhaps before there is a query to complete.
import "./query/known.ts";
import "./query/bar.css";
import "./time/timeline.css";

/** The page, from top to bottom. */
export function App() {
  const parts = around.value;
  return (
    <>
      <header class="head">
        <h1 class="brand">Tailrace</h1>
        {parts && <parts.Head />}
      </header>
      <search class="query-bar" aria-label="Records">
        {parts && <parts.Controls />}
      </search>
      {parts && <parts.Banner />}
      <main class="body">{view.value.run ? parts && <parts.RunPages /> : <Lists />}</main>
      <footer class="foot">{parts && <parts.Summary />}</footer>
      {parts && <parts.Announcer />}
      {parts && <parts.Dialogs />}
    </>
  );
}

function Lists() {
  const parts = around.value;
  const { record, since, until } = view.value;
  return (
    <>
      {(record || since || until) && <div class="elsewhere">{parts && <parts.Place />}</div>}
      {histogramShown.value && <div class="timeline">{parts && <parts.Timeline />}</div>}
      <Panels />
    </>
  );
}
