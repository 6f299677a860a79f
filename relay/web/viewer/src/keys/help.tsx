import { type Action, allActions } from "../state/actions.ts";
import { singleKeys } from "./keyboard.ts";
import { Keys } from "./keys.tsx";
import "./keys.css";

const GROUPS: readonly Action["group"][] = ["Reading", "Moving", "Choosing", "Time", "Keeping", "Page"];

/** Every key and what it does. */
export default function Help() {
  return (
    <>
      <h2>Keys</h2>
      <label class="switch">
        <input
          type="checkbox"
          checked={singleKeys.value}
          onChange={(event) => {
            singleKeys.value = event.currentTarget.checked;
          }}
        />
        Single keys act. Without, those with Ctrl, Cmd or Alt do, and Esc.
      </label>
      <div class="help">
        {GROUPS.map((group) => (
          <Group key={group} name={group} />
        ))}
      </div>
    </>
  );
}

function Group({ name }: { name: Action["group"] }) {
  const actions = allActions().filter((action) => action.group === name && action.keys.length);
  if (!actions.length) return null;
  return (
    <section>
      <h3>{name}</h3>
      <dl>
        {actions.map((action) => (
          <div key={action.name}>
            <dt>{action.label}</dt>
            <dd>
              <Keys names={action.keys} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
