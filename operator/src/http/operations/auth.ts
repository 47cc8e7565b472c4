import type { FastifyReply } from "fastify";
import { z } from "zod";
import { OperatorError } from "../../errors";
import { ACCESS_COOKIE, REFRESH_COOKIE } from "../auth/Auth";
import { MAX_SIGN_IN_MESSAGE } from "../auth/readSignInMessage";
import { unauthorized } from "../auth/refusals";
import { REFRESH_SECONDS, type Session } from "../auth/Sessions";
import type { Deps } from "../Deps";
import { operation, SCOPES, type Operation } from "../operation";
import * as s from "../schemas";

const scopes = z.array(z.enum(SCOPES)).min(1).max(SCOPES.length);

const signedIn = z
  .object({
    account: s.addressOut,
    accessToken: z.string(),
    accessExpiresAt: s.timeMs,
    refreshToken: z.string(),
  })
  .meta({ id: "SignedIn" });

const key = z.object({
  id: z.string(),
  account: s.addressOut,
  scopes: z.array(z.enum(SCOPES)),
  createdAt: s.timeMs,
});

/** Who one is: sessions for people, keys for programs. */
export function authOperations(deps: Deps): readonly Operation[] {
  const { auth, clock, secureCookies } = deps;
  const cookie = { httpOnly: true, sameSite: "strict", secure: secureCookies } as const;

  /** Tokens for programs in the body, for pages in cookies that no script can read. */
  const tell = (session: Session, reply: FastifyReply): z.output<typeof signedIn> => {
    const { token, expiresAt } = auth.accessToken(session.account, session.id);
    const maxAge = Math.floor((expiresAt - clock.nowMs()) / 1000);
    void reply.setCookie(ACCESS_COOKIE, token, { ...cookie, path: "/", maxAge });
    void reply.setCookie(REFRESH_COOKIE, session.refreshToken, {
      ...cookie,
      path: "/api/auth",
      maxAge: REFRESH_SECONDS,
    });
    return {
      account: session.account,
      accessToken: token,
      accessExpiresAt: expiresAt,
      refreshToken: session.refreshToken,
    };
  };

  return [
    operation({
      id: "getNonce",
      method: "GET",
      paths: ["/api/auth/nonce"],
      tag: "Sign-in",
      summary: "A nonce for a sign-in message, good for five minutes and once",
      access: "anyone",
      bucket: "auth",
      answer: z.object({
        nonce: z.string(),
        expiresAt: s.timeMs,
        chainId: z.number().int(),
        serverTimeMs: s.timeMs,
      }),
      handle: () => ({
        ...auth.signIn.nonce(),
        chainId: deps.deployment.chainId,
        serverTimeMs: clock.nowMs(),
      }),
    }),
    operation({
      id: "verifySignIn",
      method: "POST",
      paths: ["/api/auth/verify"],
      tag: "Sign-in",
      summary: "Sign in by a signed EIP-4361 message",
      access: "anyone",
      bucket: "auth",
      body: z.object({ message: s.text(MAX_SIGN_IN_MESSAGE), signature: s.text(512) }),
      answer: signedIn,
      handle: async ({ body, reply }) => {
        const account = await auth.signIn.verify(body.message, body.signature);
        return tell(await auth.sessions.start(account), reply);
      },
    }),
    operation({
      id: "refreshSession",
      method: "POST",
      paths: ["/api/auth/refresh"],
      tag: "Sign-in",
      summary:
        "New tokens for a refresh token, which is spent by it; one that comes twice ends the session",
      access: "anyone",
      bucket: "auth",
      body: z.object({ refreshToken: s.text(256).optional() }).nullish(),
      answer: signedIn,
      handle: async ({ body, request, reply }) => {
        let token = body?.refreshToken;
        if (token === undefined) {
          token = request.cookies[REFRESH_COOKIE];
          if (token !== undefined) auth.requireOwnPage(request);
        }
        if (token === undefined) throw unauthorized("UNAUTHORIZED", "there is no refresh token");
        return tell(await auth.sessions.refresh(token), reply);
      },
    }),
    operation({
      id: "logout",
      method: "POST",
      paths: ["/api/auth/logout"],
      tag: "Sign-in",
      summary: "End the session: both its tokens are dead",
      access: "session",
      bucket: "auth",
      answer: z.object({ success: z.literal(true) }),
      handle: async ({ request, reply }) => {
        await auth.sessions.end(request.identity!.id);
        void reply.clearCookie(ACCESS_COOKIE, { path: "/" });
        void reply.clearCookie(REFRESH_COOKIE, { path: "/api/auth" });
        return { success: true as const };
      },
    }),
    operation({
      id: "getMe",
      method: "GET",
      paths: ["/api/auth/me"],
      tag: "Sign-in",
      summary: "Who one is to the venue, and what one may",
      access: "read",
      bucket: "read",
      answer: z.object({
        account: s.addressOut,
        by: z.enum(["session", "key"]),
        scopes: z.array(z.enum(SCOPES)),
      }),
      handle: ({ request }) => {
        const { account, kind, scopes } = request.identity!;
        return {
          account: account!,
          by: kind === "key" ? ("key" as const) : ("session" as const),
          scopes: [...scopes],
        };
      },
    }),
    operation({
      id: "createKey",
      method: "POST",
      paths: ["/api/auth/keys"],
      tag: "Sign-in",
      summary: "A key for a program; its secret is told this once",
      access: "session",
      bucket: "auth",
      body: z.object({ scopes }),
      answer: key.extend({ secret: z.string() }),
      handle: async ({ body, request }) => {
        const unique = [...new Set(body.scopes)];
        const created = await auth.keys.create(request.identity!.account!, unique);
        return { ...created, scopes: [...created.scopes] };
      },
    }),
    operation({
      id: "listKeys",
      method: "GET",
      paths: ["/api/auth/keys"],
      tag: "Sign-in",
      summary: "One's keys, without their secrets",
      access: "session",
      bucket: "auth",
      answer: z.object({ keys: z.array(key) }),
      handle: async ({ request }) => {
        const keys = await auth.keys.list(request.identity!.account!);
        return { keys: keys.map((one) => ({ ...one, scopes: [...one.scopes] })) };
      },
    }),
    operation({
      id: "revokeKey",
      method: "DELETE",
      paths: ["/api/auth/keys/:id"],
      tag: "Sign-in",
      summary: "End a key",
      access: "session",
      bucket: "auth",
      params: z.object({ id: s.text(64) }),
      answer: z.object({ success: z.literal(true) }),
      handle: async ({ params, request }) => {
        if (await auth.keys.revoke(request.identity!.account!, params.id)) {
          return { success: true as const };
        }
        throw new OperatorError("KEY_NOT_FOUND", "you have no such key", { status: 404 });
      },
    }),
  ];
}
