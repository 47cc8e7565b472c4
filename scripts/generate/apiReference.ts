/**
 * Writes docs/api from the SDK's docstrings: a page for each subpath of the package. With --check it writes nothing and ends with
 * status 1 when the pages are not what the docstrings say.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { DeclarationReflection, TypeDocOptions } from "typedoc" with {
  "resolution-mode": "import",
};
import type { PluginOptions } from "typedoc-plugin-markdown" with { "resolution-mode": "import" };
import { differingFiles } from "../lib/differingFiles";

const ROOT = path.resolve(__dirname, "../..");
const PAGES = path.join(ROOT, "docs/api");

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "nostra-api-"));
  try {
    await generate(folder);
    if (process.argv.includes("--check")) {
      const stale = differingFiles(folder, PAGES);
      if (stale.length === 0) return;
      console.error(
        `docs/api is not what the docstrings say (${stale.join(", ")}): npm run docs:api`,
      );
      process.exitCode = 1;
      return;
    }
    rmSync(PAGES, { recursive: true, force: true });
    cpSync(folder, PAGES, { recursive: true });
    console.log(`docs/api: ${readdirSync(PAGES).length} pages`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function generate(folder: string): Promise<void> {
  const { Application, ReflectionKind } = await import("typedoc");
  const { exports: subpaths } = JSON.parse(
    readFileSync(path.join(ROOT, "sdk/package.json"), "utf8"),
  ) as { exports: Record<string, unknown> };
  const names = Object.keys(subpaths).filter((name) => name !== "." && name !== "./package.json");
  const options: TypeDocOptions & PluginOptions = {
    name: "@nostra/sdk",
    entryPoints: names.map((name) => path.join(ROOT, "sdk/src", name, "index.ts")),
    tsconfig: path.join(ROOT, "sdk/tsconfig.json"),
    plugin: ["typedoc-plugin-markdown"],
    outputs: [{ name: "markdown", path: folder }],
    logLevel: "Warn",
    ...{ readme: "none", githubPages: false, disableSources: true, excludeExternals: true },
    ...{ excludePrivate: true, excludeInternal: true },
    // Handles and ABIs are described by the contracts' own documentation.
    validation: { notExported: false, invalidLink: true, notDocumented: true },
    requiredToBeDocumented: ["Class", "Interface", "TypeAlias", "Variable"],
    exclude: ["**/generated/**"],
    ...{
      outputFileStrategy: "modules",
      hidePageHeader: true,
      hideBreadcrumbs: true,
      useCodeBlocks: true,
    },
    ...{ parametersFormat: "table", interfacePropertiesFormat: "table" },
    ...{ typeDeclarationFormat: "table", enumMembersFormat: "table" },
  };
  const app = await Application.bootstrapWithPlugins(options);
  const project = await app.convert();
  if (project === undefined) throw new Error("the sources do not compile");
  app.validate(project);
  const functions = project.getReflectionsByKind(ReflectionKind.Function);
  for (const { name, signatures } of functions as DeclarationReflection[]) {
    const isDocumented = signatures?.some(({ comment }) => comment !== undefined) ?? false;
    if (!isDocumented) app.logger.error(`${name} has no docstring`);
  }
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) {
    throw new Error("typedoc found faults; see above");
  }
}

void main();
