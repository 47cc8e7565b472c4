import type { VenueEvent } from "../bus";
import { CHANNEL_OF, type Channel, type Sources } from "./channels";
import type { Connection } from "./Connection";

export interface HubHooks {
  readonly onSent: (count: number) => void;
  /** Holds a message against its schema. */
  readonly check: (message: object) => void;
  /** A channel could not tell an event; the others did. */
  readonly onFault: (fault: unknown) => void;
}

/** Who listens to what. */
export class Hub {
  readonly #listeners = new Map<string, Set<Connection>>();
  readonly #sources: Sources;
  readonly #hooks: HubHooks;

  constructor(sources: Sources, hooks: HubHooks) {
    this.#sources = sources;
    this.#hooks = hooks;
  }

  add(topic: string, connection: Connection): void {
    connection.topics.add(topic);
    const listeners = this.#listeners.get(topic);
    if (listeners === undefined) this.#listeners.set(topic, new Set([connection]));
    else listeners.add(connection);
  }

  remove(topic: string, connection: Connection): void {
    connection.topics.delete(topic);
    const listeners = this.#listeners.get(topic);
    listeners?.delete(connection);
    if (listeners?.size === 0) this.#listeners.delete(topic);
  }

  removeAll(connection: Connection): void {
    for (const topic of [...connection.topics]) this.remove(topic, connection);
  }

  /** Tells an event to all whom it concerns: each message is made once. */
  publish(event: VenueEvent): void {
    if (this.#listeners.size === 0) return;
    for (const channel of CHANNEL_OF.values()) {
      try {
        for (const subject of channel.subjects(event)) {
          const topic = topicOf(channel, subject);
          if (this.#listeners.has(topic)) this.#tell(channel, topic, event, subject);
        }
      } catch (fault) {
        this.#hooks.onFault(fault);
      }
    }
    if (event.type === "block" && event.undone) this.#retract(event);
  }

  /** Sends one message to all who listen to a topic. */
  broadcast(topic: string, message: object): void {
    const listeners = this.#listeners.get(topic);
    if (listeners === undefined) return;
    const bytes = this.encode(message);
    let sent = 0;
    for (const connection of [...listeners]) {
      if (connection.tell(topic, bytes)) sent += 1;
      else this.removeAll(connection);
    }
    this.#hooks.onSent(sent);
  }

  send(connection: Connection, message: object): void {
    if (connection.send(this.encode(message))) this.#hooks.onSent(1);
    else this.removeAll(connection);
  }

  encode(message: object): Buffer {
    this.#hooks.check(message);
    return Buffer.from(JSON.stringify(message));
  }

  #tell(channel: Channel, topic: string, event: VenueEvent, subject: string): void {
    const message = channel.tell(event, subject, this.#sources);
    if (message === null) return;
    if (!(message instanceof Promise)) return this.broadcast(topic, message);
    message.then(
      (read: object) => this.broadcast(topic, read),
      // What could not be read now is told with the next change.
      () => undefined,
    );
  }

  #retract({ number, hash, generation }: Extract<VenueEvent, { type: "block" }>): void {
    const bytes = this.encode({
      ...{ type: "retract", blockNumber: number, blockHash: hash, generation },
    });
    const all = new Set([...this.#listeners.values()].flatMap((listeners) => [...listeners]));
    for (const connection of all) connection.send(bytes);
    this.#hooks.onSent(all.size);
  }
}

export function topicOf(channel: Channel, subject: string): string {
  return `${channel.name}|${subject}`;
}
