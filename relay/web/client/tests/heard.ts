// What a subscription gave, written down.

import type { Gap, LogRecord, StreamEvent, Subscription, SubscriptionState } from "../src/index.ts";
import { until } from "./gateway.ts";

export class Heard {
  readonly subscription: Subscription;
  readonly events: StreamEvent[] = [];
  /** As a page would show them: withdrawn ones are gone. */
  records: LogRecord[] = [];
  readonly gaps: Gap[] = [];
  readonly states: SubscriptionState[] = [];

  constructor(subscription: Subscription) {
    this.subscription = subscription;
    subscription.listen((event) => this.#take(event));
  }

  get texts(): string[] {
    return this.records.map((record) => record.message);
  }

  get state(): SubscriptionState {
    return this.subscription.state;
  }

  live(): Promise<void> {
    return until(() => this.state.live, `live; it is ${JSON.stringify(this.state)}`);
  }

  has(count: number): Promise<void> {
    return until(() => this.records.length >= count, `${count} records`);
  }

  /** The state, as soon as it is this. */
  async is(connection: SubscriptionState["connection"]): Promise<SubscriptionState> {
    await until(() => this.state.connection === connection, connection);
    return this.state;
  }

  #take(event: StreamEvent): void {
    this.events.push(event);
    if (event.type === "state") this.states.push(event.state);
    else if (event.type === "gap") this.gaps.push(event.gap);
    else this.records.push(...event.records);
  }
}
