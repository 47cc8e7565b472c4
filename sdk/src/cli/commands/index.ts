import type { Command } from "../command.js";
import { doctorCommand } from "./doctor.js";
import {
  cancelMarketCommand,
  clarifyMarketCommand,
  createMarketCommand,
  registerMarketCommand,
} from "./markets.js";
import {
  orderBuildCommand,
  orderHashCommand,
  orderSignCommand,
  orderVerifyCommand,
} from "./order.js";
import {
  approveCommand,
  mergeCommand,
  mintCommand,
  redeemCommand,
  splitCommand,
} from "./positions.js";
import { replayCommand } from "./replay.js";
import { decideCommand, disputeCommand, finalizeCommand, proposeCommand } from "./resolution.js";
import { statusCommand } from "./status.js";

/** What needs nothing but the SDK: orders, and the life of a market. The repository adds the deployer's commands. */
export const commands: readonly Command[] = [
  doctorCommand,
  statusCommand,
  orderBuildCommand,
  orderSignCommand,
  orderHashCommand,
  orderVerifyCommand,
  createMarketCommand,
  clarifyMarketCommand,
  registerMarketCommand,
  cancelMarketCommand,
  mintCommand,
  approveCommand,
  splitCommand,
  mergeCommand,
  proposeCommand,
  disputeCommand,
  finalizeCommand,
  decideCommand,
  redeemCommand,
  replayCommand,
];
