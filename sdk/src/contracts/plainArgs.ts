import type { ParamType, Result } from "ethers";

/**
 * The values ethers decoded, as plain data by parameter name: arrays as arrays (empty ones too), tuples as objects.
 * Read by position, so that a parameter named like an array's own member ("length") is no trap.
 */
export function plainArgs(params: readonly ParamType[], values: Result): Record<string, unknown> {
  return Object.fromEntries(
    params.map((param, index) => [param.name, plainValue(param, values[index])]),
  );
}

function plainValue(param: ParamType, value: unknown): unknown {
  if (param.isArray()) {
    return Array.from(value as Result, (item) => plainValue(param.arrayChildren, item));
  }
  if (param.isTuple()) return plainArgs(param.components, value as Result);
  return value;
}
