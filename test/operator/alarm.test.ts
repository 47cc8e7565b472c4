import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { Alert } from "../../operator/src/alerts";
import { silentLog, type Log } from "../../operator/src/log";
import {
  createAlarm,
  webhookNotifier,
  type Notifier,
} from "../../operator/src/monitor/createAlarm";
import { describeStores } from "./helpers/stores";

/*
alarm
├── stores an alert once a day and subject
├── delivers loud ones to all notifiers then, another subject at once
└── a notifier that fails hurts nobody else
webhook: posts text and alert; an answer that is no success is a failure that does not tell its address
*/

describeStores("alarm", (fresh) => {
  const loud = (subject: string): Alert => ({
    type: "stuck_market",
    severity: "HIGH",
    data: { subject, n: 5n },
  });

  it("stores an alert once a day and subject, and delivers loud ones then", async () => {
    const store = await fresh();
    const told: Alert[] = [];
    const good: Notifier = { name: "good", notify: async (alert) => void told.push(alert) };
    const bad: Notifier = { name: "bad", notify: () => Promise.reject(new Error("no")) };
    let nowMs = 0;
    const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
    const failures: unknown[] = [];
    const log: Log = { ...silentLog, error: (fields: unknown) => void failures.push(fields) };
    const alarm = createAlarm({ store, notifiers: [bad, good], log, clock, retryMs: [] });

    alarm(loud("a"));
    alarm(loud("a"));
    alarm(loud("b"));
    alarm({ type: "resolution_due", severity: "MEDIUM", data: {} });
    await alarm.stored();
    nowMs = 86_400_000;
    alarm(loud("a"));
    await alarm.stored();
    const rows = await store.db.selectFrom("alert").selectAll().orderBy("id").execute();
    expect(rows.map(({ subject, day }) => [subject, day])).to.deep.equal([
      ["a", 0n],
      ["b", 0n],
      ["", 0n],
      ["a", 1n],
    ]);
    expect(rows[0]).to.deep.include({ severity: "HIGH", data: { subject: "a", n: "5" } });
    while (failures.length < 3) await new Promise(setImmediate);
    expect(told.map(({ data }) => data["subject"])).to.deep.equal(["a", "b", "a"]);
  });
});

describe("webhook", () => {
  let server: Server;
  let status = 200;
  const bodies: string[] = [];
  let url: string;
  before((done) => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => (body += part.toString()));
      request.on("end", () => {
        bodies.push(body);
        response.writeHead(status).end();
      });
    }).listen(0, "127.0.0.1", () => {
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`;
      done();
    });
  });
  after(() => server.close());

  it("posts a text for people and the alert for programs", async () => {
    const alert: Alert = { type: "lane_stopped", severity: "CRITICAL", data: { lane: "0x1" } };
    await webhookNotifier(url, { userName: "Ops" }).notify(alert);
    expect(JSON.parse(bodies[0]!)).to.deep.equal({
      username: "Ops",
      text: '[CRITICAL] lane_stopped {"lane":"0x1"}',
      alert,
    });
  });

  it("fails without telling its address when it is refused", async () => {
    status = 500;
    const alert: Alert = { type: "t", severity: "HIGH", data: {} };
    await expect(webhookNotifier(url).notify(alert)).to.be.rejectedWith(
      /^the webhook answered 500$/,
    );
  });
});
