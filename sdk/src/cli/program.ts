import type { Program } from "./command.js";
import { commands } from "./commands/index.js";

/** `npx nostra`: orders and markets from a shell, with nothing installed but @nostra/sdk and ethers. */
export const program: Program = {
  name: "nostra",
  summary: "Orders and markets of Nostra, on a network by --network or on any --deployment.",
  commands,
  inCheckout: false,
};
