import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { requires } from '../../support/requirement.ts';
import { tempDir } from '../../support/temp-dir.ts';

const run = promisify(execFile);
const FRAGMENTS = join(import.meta.dirname, '..', '..', '..', 'native-config', 'suricata');

for (const [file, type] of [
  ['guardian-eve.yaml', 'unix_stream'],
  ['guardian-eve-dgram.yaml', 'unix_dgram'],
] as const) {
  test(`Suricata takes ${file} beside an output of the user`, async (t) => {
    if (!requires(t, 'suricata')) return;
    const dir = tempDir(t);
    const fragment = join(dir, file);
    // With a socket of its own: -T connects, and a guardian may run on this machine.
    const text = readFileSync(join(FRAGMENTS, file), 'utf8').replace('/run/guardian', dir);
    writeFileSync(fragment, text);
    writeFileSync(join(dir, 'classification.config'), 'config classification: trojan-activity,x,1\n');
    writeFileSync(join(dir, 'reference.config'), 'config reference: url http://\n');
    const config = join(dir, 'suricata.yaml');
    writeFileSync(config, userConfig(dir, fragment));
    const { stdout } = await run('suricata', ['--dump-config', '-c', config]);
    assert.match(stdout, /outputs\.0\.eve-log\.filetype = regular/);
    assert.match(stdout, new RegExp(`outputs\\.1\\.eve-log\\.filetype = ${type}`));
    assert.match(stdout, new RegExp(`outputs\\.1\\.eve-log\\.filename = ${dir}/eve\\.sock`));
    await run('suricata', ['-T', '-c', config, '-l', dir]);
    // The comment tells people to write what this test wrote.
    assert.ok(text.includes(`- eve-log: !include /etc/suricata/${file}`));
  });
}

function userConfig(dir: string, fragment: string): string {
  return `%YAML 1.1
---
classification-file: ${dir}/classification.config
reference-config-file: ${dir}/reference.config
outputs:
  - eve-log: { enabled: yes, filetype: regular, filename: eve.json, types: [alert] }
  - eve-log: !include ${fragment}
stats: { enabled: yes }
unix-command: { enabled: no }
app-layer: { protocols: { http2: { enabled: yes } } }
`;
}
