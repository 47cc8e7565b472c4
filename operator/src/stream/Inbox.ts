import type { ByteCount } from "./ByteCount";

/** What is needed of a WebSocket: to stop reading, so that the sender's own buffers fill, and to go on. */
interface Pausable {
  pause(): void;
  resume(): void;
}

/**
 * Messages of one connection that wait for the one being answered: what is asked later is answered later. While one is
 * answered the socket is not read. What one read of the socket brought with it still arrives, so the queue is bounded too.
 *
 * Always true: at most `mostFrames` messages wait, and no more bytes than the count allows.
 */
export class Inbox {
  readonly #socket: Pausable;
  readonly #work: (data: Buffer) => Promise<void>;
  readonly #mostFrames: number;
  readonly #bytes: ByteCount;
  #waiting: Buffer[] = [];
  #isBusy = false;
  #isClosed = false;

  constructor(
    socket: Pausable,
    work: (data: Buffer) => Promise<void>,
    mostFrames: number,
    bytes: ByteCount,
  ) {
    this.#socket = socket;
    this.#work = work;
    this.#mostFrames = mostFrames;
    this.#bytes = bytes;
  }

  /** True while a message is being answered: the socket is not read, so no pong can arrive. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  get frames(): number {
    return this.#waiting.length;
  }

  /** Takes a message. @returns false, and takes nothing, when too much waits already. */
  add(data: Buffer): boolean {
    if (this.#isClosed) return true;
    if (this.#waiting.length >= this.#mostFrames || !this.#bytes.fits(data.length)) return false;
    this.#bytes.add(data.length);
    this.#waiting.push(data);
    if (!this.#isBusy) void this.#run();
    return true;
  }

  /** Forgets what waits, and takes nothing more. */
  close(): void {
    this.#isClosed = true;
    for (const data of this.#waiting.splice(0)) this.#bytes.add(-data.length);
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    this.#socket.pause();
    for (let data = this.#waiting.shift(); data !== undefined; data = this.#waiting.shift()) {
      try {
        await this.#work(data);
      } finally {
        this.#bytes.add(-data.length);
      }
    }
    this.#isBusy = false;
    if (!this.#isClosed) this.#socket.resume();
  }
}
