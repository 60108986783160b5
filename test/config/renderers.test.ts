import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { GENERATED_FILES } from '../../native-config/generate.ts';
import { defaultConfig, loadConfig } from '../../src/config/load-config.ts';
import { renderExample } from '../../src/config/render-example.ts';
import { renderJsonSchema } from '../../src/config/render-json-schema.ts';
import { configSchema } from '../../src/config/schema.ts';

const PATH = 'guardian.example.yaml';

test('renderExample() shows every key and loads into exactly the defaults', () => {
  const example = renderExample();
  for (const key of Object.keys(configSchema.shape)) assert.match(example, new RegExp(`^(# )?${key}:`, 'm'));
  assert.deepEqual(loadConfig({ path: PATH, text: example }), defaultConfig());
});

for (const key of ['sensor', 'allow', 'feeds', 'pihole', 'nftables', 'central']) {
  test(`renderExample() shows ${key} so that it works once uncommented`, () => {
    const config = loadConfig({ path: PATH, text: uncommented(renderExample(), key) });
    const value = Object.entries(config).find(([name]) => name === key)?.[1];
    assert.ok(value !== null && !(Array.isArray(value) && value.length === 0), JSON.stringify(value));
  });
}

test('renderExample() shows tls of central so that it works once uncommented', () => {
  const central = uncommented(renderExample(), 'central');
  assert.deepEqual(loadConfig({ path: PATH, text: uncommented(central, '  tls') }).central?.tls, { caFile: null });
});

test('renderJsonSchema() accepts the example and refuses unknown keys and bad values', () => {
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(JSON.parse(renderJsonSchema()));
  assert.equal(validate(parse(renderExample())), true, JSON.stringify(validate.errors));
  for (const bad of [{ foo: 1 }, { eve: { type: 'socket' } }, { pihole: {} }, { feeds: [{ name: 'X' }] }]) {
    assert.equal(validate(bad), false, JSON.stringify(bad));
  }
});

test('the generated files in the project are fresh', async () => {
  for (const [path, render] of Object.entries(GENERATED_FILES)) {
    const text = readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
    assert.equal(text, await render(), `${path} is stale: run "npm run generate"`);
  }
});

/** The example with the commented block of `key` in force and the line that switches it off removed. */
function uncommented(example: string, key: string): string {
  const lines = example.split('\n');
  const mark = key.startsWith(' ') ? `${key.match(/^ +/)?.[0] ?? ''}# ` : '# ';
  const start = lines.findIndex((line) => line.startsWith(`${mark}${key.trim()}:`));
  const indent = mark.length - 2;
  const result = [...lines];
  for (let at = start; result[at]?.startsWith(mark) === true; at++) {
    result[at] = `${' '.repeat(indent)}${(result[at] ?? '').slice(mark.length)}`;
  }
  return result.filter((line) => line !== `${key}: null` && line !== `${key}: []`).join('\n');
}
