import path from "node:path";
import { createInterface } from "node:readline";
import { Child } from "./lib/child";
import { signIntoFile } from "./intake/orders";
import { createPlace, createWorld } from "./intake/world";
const SERVER = path.join(__dirname, "intake/server.ts");
const LOAD = path.join(__dirname, "intake/load.ts");
void (async () => {
  const world = await createWorld(200, 4);
  const N = Number(process.env["N"] ?? 6000), WARM = 2000;
  const file = await signIntoFile(world.venue, "mixed", N + WARM, () => undefined);
  console.log("ready");
  for await (const line of createInterface({ input: process.stdin })) {
    if (line !== "run") break;
    const place = await createPlace("postgres");
    const server = new Child<any>(SERVER, ["--v8-pool-size=1", "--expose-gc"]);
    const load = new Child<any>(LOAD);
    const { url } = await server.ask("start", { deployment: world.deployment, node: world.node, operatorKey: world.operatorKey, store: place.store });
    await load.ask("read", file);
    await load.ask("flood", { url, count: WARM, connections: 64 });
    const before = await server.ask("usage", undefined as never) as any;
    const r = await load.ask("flood", { url, count: N, connections: 64 }) as any;
    await server.ask("idle", undefined as never);
    const after = await server.ask("usage", undefined as never) as any;
    console.log(JSON.stringify({ rate: (r.orders / r.seconds), p99: r.p99, refused: r.refused, refusal: r.refusal, cpuUs: (after.cpuMicroseconds - before.cpuMicroseconds) / r.orders, client: r.cpuMicroseconds / r.orders }));
    await server.end(); await load.end(); await place.drop();
  }
  world.close(); process.exit(0);
})();
