import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GENERATED_FILES } from './generate.ts';

const root = join(import.meta.dirname, '..');
const isCheck = process.argv.includes('--check');

for (const [path, render] of Object.entries(GENERATED_FILES)) {
  const wanted = await render();
  if (textOf(join(root, path)) === wanted) continue;
  if (isCheck) {
    console.error(`${path} is stale, want what its source says: run "npm run generate"`);
    process.exitCode = 1;
  } else {
    writeFileSync(join(root, path), wanted);
    console.log(`wrote ${path}`);
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
