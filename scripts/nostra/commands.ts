import type { Command, Program } from "#cli/command";
import { commands as ofTheSdk } from "#cli/commands/index";
import { deployCommand } from "../deploy/deploy";
import { verifyCommand } from "../deploy/verify";
import {
  acceptAdminCommand,
  grantCommand,
  linkCommand,
  offerAdminCommand,
  pauseCommand,
  revokeCommand,
  setDisputeWindowCommand,
  setFeeReceiverCommand,
  unpauseCommand,
} from "./administration";
import { advanceTimeCommand } from "./advanceTime";

/** The deployer's and the admin's own, and then those that everybody has by `npx nostra`. */
const commands: readonly Command[] = [
  deployCommand,
  verifyCommand,
  linkCommand,
  grantCommand,
  revokeCommand,
  offerAdminCommand,
  acceptAdminCommand,
  setFeeReceiverCommand,
  setDisputeWindowCommand,
  pauseCommand,
  unpauseCommand,
  advanceTimeCommand,
  ...ofTheSdk,
];

/** `npm run nostra -- <command>`, in a checkout. */
export const program: Program = {
  name: "nostra",
  summary: "Everything a deployer, an admin and a trader of Nostra sends, on any network.",
  commands,
  inCheckout: true,
};
