import { WebSocket } from "ws";

// What a test expects of a message, the test says.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Message = any;

/** A client that keeps what it is told, and waits for what a test names. */
export class Listener {
  readonly socket: WebSocket;
  readonly told: Message[] = [];
  closed: { code: number; reason: string } | undefined;
  status: number | undefined;
  #wake: (() => void)[] = [];

  constructor(url: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url, { headers });
    this.socket.on("message", (data) => {
      this.told.push(JSON.parse(data.toString()));
      this.#changed();
    });
    this.socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#changed();
    });
    this.socket.on("unexpected-response", (_, answer) => {
      this.status = answer.statusCode!;
      this.#changed();
    });
    this.socket.on("error", () => undefined);
  }

  say(message: unknown): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** What was told of this kind; waits until there are so many. */
  async of(type: string, count = 1): Promise<Message[]> {
    const found = (): Message[] => this.told.filter((message) => message.type === type);
    await this.until(() => found().length >= count, `${count} ${type}`);
    return found();
  }

  async first(type: string): Promise<Message> {
    return (await this.of(type))[0];
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const dueMs = Date.now() + 5_000;
    while (!condition()) {
      if (Date.now() > dueMs) {
        throw new Error(`waited for ${what}; told ${JSON.stringify(this.told.slice(-5))}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100);
        this.#wake.push(() => (clearTimeout(timer), resolve()));
      });
    }
  }

  /** Everything said before has been answered, and everything told before has arrived. */
  async settled(): Promise<void> {
    const count = this.told.filter(({ type }) => type === "pong").length;
    this.say({ type: "ping" });
    await this.of("pong", count + 1);
  }

  async open(): Promise<this> {
    await this.of("welcome");
    return this;
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
