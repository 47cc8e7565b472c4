import { connect, type Socket } from "node:net";

const END_OF_HEAD = Buffer.from("\r\n\r\n");

/** One kept connection that has one request under way at most: as little as a client can do, so that the server is measured. */
export class HttpClient {
  readonly #socket: Socket;
  #received: Buffer | null = null;
  #done: ((answer: { status: number; body: string }) => void) | null = null;
  #failed: ((fault: Error) => void) | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#take(chunk));
    const fail = (fault: Error): void => this.#failed?.(fault);
    socket.on("error", fail);
    socket.on("close", () => fail(new Error("the venue closed the connection")));
  }

  static open(url: URL): Promise<HttpClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(url.port), url.hostname);
      socket.once("error", reject);
      socket.once("connect", () => resolve(new HttpClient(socket)));
    });
  }

  /** Sends a request that was made by `requestOf`. */
  ask(request: Buffer): Promise<{ readonly status: number; readonly body: string }> {
    return new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#failed = null;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    const received = this.#received === null ? chunk : Buffer.concat([this.#received, chunk]);
    this.#received = received;
    const end = received.indexOf(END_OF_HEAD);
    if (end === -1) return;
    const head = received.toString("latin1", 0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    if (Number.isNaN(length)) throw new Error(`no length: ${head}`);
    if (received.length < end + 4 + length) return;
    this.#received = null;
    const done = this.#done;
    this.#done = null;
    done?.({ status: Number(head.slice(9, 12)), body: received.toString("latin1", end + 4) });
  }
}

/** A POST as it goes over the wire. */
export function requestOf(url: URL, path: string, body: string): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${url.host}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}
