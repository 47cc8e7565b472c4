import type { Server } from "node:http";
import type { Socket } from "node:net";
import { addressKey } from "./limits";

export interface SocketLimits {
  /** Of one address; Infinity behind a proxy, whose socket many share. */
  readonly ofAddress: number;
  readonly inAll: number;
  /** Called for each connection that was cut off at once. */
  readonly onRefused: () => void;
}

/** Cuts off the connections of an address above its limit, before a byte of them is read. */
export function limitSockets(server: Server, { ofAddress, inAll, onRefused }: SocketLimits): void {
  const open = new Map<string, number>();
  let count = 0;
  server.on("connection", (socket: Socket) => {
    const address = addressKey(socket.remoteAddress ?? "");
    const others = open.get(address) ?? 0;
    if (others >= ofAddress || count >= inAll) {
      onRefused();
      socket.destroy();
      return;
    }
    open.set(address, others + 1);
    count += 1;
    socket.once("close", () => {
      count -= 1;
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
  });
}
