import { z } from "zod";
import { ACTIONS, MAX_REASON_LENGTH, MODES, MODE_TABLE, type ModeState } from "../../modes";
import { forbidden, unauthorized } from "../auth/refusals";
import type { Deps } from "../Deps";
import { operation, type Operation } from "../operation";
import { text, timeMs } from "../schemas";

const modeName = z.enum(MODES);

const statusOut = z.object({
  mode: modeName.describe("what the venue takes now"),
  sinceMs: timeMs,
  takes: z.array(z.enum(ACTIONS)).describe("everything else is refused"),
  reasons: z
    .array(
      z.object({
        source: z.string().describe("operator, or the watch that restricts the venue"),
        mode: modeName,
        reason: z.string(),
        sinceMs: timeMs,
        untilMs: timeMs.nullable().describe("when it ends by itself; null when nothing is known"),
      }),
    )
    .describe("everything that restricts the venue, the most restrictive first"),
  next: z
    .object({ mode: modeName, atMs: timeMs })
    .nullable()
    .describe("the mode that follows by itself; null when nothing is known"),
  serverTimeMs: timeMs,
});

/** A mode as HTTP shows it. */
export function showMode({ mode, sinceMs, reasons, next }: ModeState, nowMs: number) {
  return {
    ...{ mode, sinceMs, takes: [...MODE_TABLE[mode].takes] },
    ...{ reasons: [...reasons], next, serverTimeMs: nowMs },
  };
}

/** The venue's mode, for everybody; and how the operator sets it. */
export function modeOperations({ modes, setMode, clock }: Deps): readonly Operation[] {
  return [
    operation({
      id: "getStatus",
      method: "GET",
      paths: ["/api/status"],
      tag: "Venue",
      summary: "What the venue takes now, why, since when and until when",
      access: "anyone",
      bucket: "probe",
      answer: statusOut,
      handle: () => showMode(modes.current, clock.nowMs()),
    }),
    operation({
      id: "setMode",
      method: "POST",
      paths: ["/api/admin/mode"],
      tag: "Venue",
      summary: "Sets the venue's mode; with the service key (NOSTRA-SERVICE-KEY)",
      access: "anyone",
      bucket: "auth",
      mode: "any",
      body: z.object({
        mode: modeName.describe("open lifts what was set"),
        reason: text(MAX_REASON_LENGTH).optional().describe("for traders"),
      }),
      answer: statusOut,
      handle: async ({ body, request }) => {
        if (request.identity === undefined) {
          throw unauthorized("UNAUTHORIZED", "send the venue's SERVICE_KEY as nostra-service-key");
        }
        if (request.identity.kind !== "service") {
          throw forbidden("SERVICE_ONLY", "only the venue's own services may set its mode");
        }
        const reason = body.reason ?? "set by the operator";
        await setMode({ mode: body.mode, reason, atMs: clock.nowMs() });
        return showMode(modes.current, clock.nowMs());
      },
    }),
  ];
}
