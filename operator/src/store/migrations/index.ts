import type { Migration } from "kysely";
import { venue } from "./0001_venue";
import { reads } from "./0002_reads";
import { settle } from "./0003_settle";
import { monitor } from "./0005_monitor";
import { lean } from "./0006_lean";

/** In the order of their names. One that was published is never edited: a change is a new one. */
export const migrations: Record<string, Migration> = {
  "0001_venue": venue,
  "0002_reads": reads,
  "0003_settle": settle,
  "0005_monitor": monitor,
  "0006_lean": lean,
};
