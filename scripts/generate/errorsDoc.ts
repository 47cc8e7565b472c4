/**
 * Writes docs/errors.md: every custom error of the contracts with its values and its meaning, as the interfaces say it, and
 * every error class of the SDK, as its source does. A test holds the file to what this writes, and the lists to the compiled
 * ABIs and the package's exports.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { id } from "ethers";
import { findingCodes, sdkErrors, type SdkError } from "./sdkErrors";

const ROOT = path.resolve(__dirname, "../..");

export const ERRORS_DOC = path.join(ROOT, "docs/errors.md");

export interface DocumentedError {
  readonly name: string;
  /** Parameters as declared: "bytes32 orderHash". */
  readonly parameters: readonly string[];
  readonly meaning: string;
  readonly selector: string;
}

/** The interfaces that declare errors, with the title of their section. */
const SOURCES: readonly (readonly [title: string, file: string])[] = [
  ["CTFExchange", "ICTFExchange"],
  ["MatchInspector", "IMatchInspector"],
  ["MarketFactory", "IMarketFactory"],
  ["ResolutionOracle", "IResolutionOracle"],
  ["PositionRedeemer", "IPositionRedeemer"],
  ["Admin and roles (exchange, factory, oracle)", "IAdministered"],
];

/** The errors an interface declares, in its order. */
export function errorsOf(interfaceName: string): DocumentedError[] {
  const file = path.join(ROOT, `contracts/interfaces/${interfaceName}.sol`);
  const source = readFileSync(file, "utf8");
  return [...source.matchAll(/((?: *\/\/\/.*\n)+) *error (\w+)\(([^)]*)\);/g)].map((match) => {
    const [, comment = "", name = "", list = ""] = match;
    const parameters = list
      .split(",")
      .map((parameter) => parameter.trim())
      .filter((parameter) => parameter !== "");
    const types = parameters.map((parameter) => canonical(parameter.split(" ")[0] ?? ""));
    return {
      name,
      parameters,
      meaning: meaningOf(comment),
      selector: id(`${name}(${types.join(",")})`).slice(0, 10),
    };
  });
}

/** The whole document. */
export function errorsDoc(): string {
  const sections = SOURCES.map(([title, file]) => {
    const rows = errorsOf(file).map(
      ({ name, parameters, meaning, selector }) =>
        `- **\`${name}\`** (${parameters.map((parameter) => `\`${parameter}\``).join(", ") || "no values"}) ` +
        `\`${selector}\`  \n  ${meaning}`,
    );
    return `## ${title}\n\n${rows.join("\n")}`;
  });
  return `# Errors

What [the contracts](#ctfexchange) refuse a call with, [what the SDK throws](#the-sdk), and
[what it finds in an order](#findings-of-checkorder) before one is sent.

Every refusal of a contract is one of these, with the values that explain it; the state is as before. Where an order is to
blame its hash comes first. The SDK decodes them by selector into a \`ContractRevertError\` with \`revertName\`, \`args\` by
name and, where there is one, \`orderHash\`; a nested \`reason\` is decoded into its \`cause\`. OpenZeppelin's
\`ReentrancyGuardReentrantCall\` can be met besides.

This file is written by \`scripts/generate/errorsDoc.ts\` from the interfaces and the SDK's sources.

${sections.join("\n\n")}

## The SDK

Every error the SDK throws is a \`NostraError\`: tell them apart by class, or by \`code\`, which is stable; read the values from
the members or from \`details\`. Nothing is returned as an error, and nothing is printed.

${sdkErrors().map(describeClass).join("\n")}

## Findings of checkOrder

In the order in which a report lists them. Those that block are refusals of the exchange; one that warns would settle.

${findingCodes()
  .map(({ code, value, meaning }) => `- **\`${code}\`** ${value.toLowerCase()}: ${meaning}`)
  .join("\n")}
`;
}

function describeClass({ name, parent, codes, values, meaning }: SdkError): string {
  const from = ["Error", "NostraError"].includes(parent) ? "" : ` extends \`${parent}\`;`;
  const code = listOf(codes) || "code by subclass";
  const none = codes.length > 1 ? "values by code" : "no values";
  return `- **\`${name}\`**${from} ${code} (${listOf(values) || none})  \n  ${meaning}`;
}

function listOf(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

function meaningOf(comment: string): string {
  return comment
    .split("\n")
    .map((line) => line.replace(/^ *\/\/\/ ?/, "").replace(/^@notice /, ""))
    .join(" ")
    .replace(/\s+/g, " ")
    .trim();
}

/** Enums are uint8 in a signature. */
function canonical(type: string): string {
  return type === "Role" || type === "MarketStatus" ? "uint8" : type;
}

if (require.main === module) writeFileSync(ERRORS_DOC, errorsDoc());
