import type { Migration } from "kysely";
import { venue } from "./0001_venue";
import { settle } from "./0003_settle";

/** In the order of their names. One that was published is never edited: a change is a new one. */
export const migrations: Record<string, Migration> = {
  "0001_venue": venue,
  "0003_settle": settle,
};
