import { deployCommand } from "../deploy/deploy";
import { verifyCommand } from "../deploy/verify";
import type { Command } from "../lib/command";
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
import {
  cancelMarketCommand,
  clarifyMarketCommand,
  createMarketCommand,
  registerTokenCommand,
} from "./markets";
import {
  approveCommand,
  mergeCommand,
  mintCommand,
  redeemCommand,
  splitCommand,
} from "./positions";
import {
  adminFinalizeCommand,
  disputeCommand,
  finalizeCommand,
  proposeCommand,
} from "./resolution";
import { statusCommand } from "./status";

/** Every command, in the order of a deployment's life. */
export const commands: readonly Command[] = [
  deployCommand,
  verifyCommand,
  statusCommand,
  linkCommand,
  grantCommand,
  revokeCommand,
  offerAdminCommand,
  acceptAdminCommand,
  setFeeReceiverCommand,
  setDisputeWindowCommand,
  pauseCommand,
  unpauseCommand,
  createMarketCommand,
  clarifyMarketCommand,
  registerTokenCommand,
  cancelMarketCommand,
  mintCommand,
  approveCommand,
  splitCommand,
  mergeCommand,
  proposeCommand,
  disputeCommand,
  finalizeCommand,
  adminFinalizeCommand,
  redeemCommand,
  advanceTimeCommand,
];
