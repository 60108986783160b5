import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readDataset } from '../../../src/enforce/suricata/dataset-file.ts';
import { DatasetFiles } from '../../../src/enforce/suricata/dataset-files.ts';
import { LIVE_SET_REFS, setFile } from '../../../src/enforce/suricata/datasets.ts';
import { planPublication } from '../../../src/enforce/suricata/publication.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { desired } from './desired.ts';
import { publicationIn } from './published.ts';

/** To compare so many takes several slices, between which others have their turn. */
const MANY = 30_000;

test('what is added while many are compared does not wait for that, stays, and stands in the file once', async (t) => {
  const dir = tempDir(t);
  const datasets = join(dir, 'datasets');
  const files = new DatasetFiles(datasets);
  await files.load();
  const plan = (...names: readonly string[]) => planPublication(desired(...names), publicationIn(dir));
  const many = Array.from({ length: MANY }, (_, i) => `host-${i}.example`);
  await files.write(plan('gone.example', ...many));
  const none = { dotted: [], ips: [] };
  for (const wanted of [many, ['host-0.example', 'late-0.example']]) {
    files.begin();
    const written: string[] = [];
    const writing = files.write(plan(...wanted)).then(() => written.push('written'));
    const late = ['late-0.example', `late-${wanted.length}.example`];
    await files.add({ domains: late, ...none }).then(() => written.push('added'));
    await writing;
    assert.deepEqual(written, ['added', 'written']);
    const path = setFile(datasets, LIVE_SET_REFS.domains);
    assert.deepEqual([...files.live('domains')].sort(), [...new Set([...wanted, ...late])].sort());
    assert.deepEqual(await readDataset(path, 'string'), files.live('domains'));
  }
});
