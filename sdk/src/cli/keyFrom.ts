import type { Hex } from "../order/Order.js";
import type { Options, OptionTable } from "./command.js";
import { CommandError } from "./CommandError.js";
import { KEY_VARIABLE, type Environment } from "./networks.js";

/** Says which key signs. */
export const KEY: OptionTable = {
  "key-env": {
    value: "VARIABLE",
    help: "environment variable of the signing key (PRIVATE_KEY)",
  },
};

/**
 * The key of the environment that signs, from PRIVATE_KEY or the variable of --key-env. Never from the command line, which
 * other programs of the machine can read. @throws CommandError without its value.
 */
export function keyFrom(options: Options, env: Environment): Hex {
  const variable = options.text("key-env") ?? KEY_VARIABLE;
  if (!/^[A-Za-z_]\w*$/.test(variable) || /^[0-9a-fA-F]{64}$/.test(variable)) {
    throw new CommandError(
      "--key-env takes the name of an environment variable; a key itself belongs on no command line",
    );
  }
  const key = env[variable];
  if (key === undefined || key === "") {
    throw noKey(variable);
  }
  const digits = key.replace(/^0x/, "");
  if (!/^[0-9a-fA-F]{64}$/.test(digits)) {
    throw new CommandError(
      `${variable} is not a private key: 32 bytes in hexadecimal are expected`,
    );
  }
  return `0x${digits}`;
}

export function noKey(variable: string): CommandError {
  return new CommandError(`no key: set ${variable} in the environment or in .env`);
}
