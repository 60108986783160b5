import assert from 'node:assert/strict';
import test from 'node:test';
import {
  commonFeatures,
  featuresOf,
  NO_FEATURES,
  versionOfBinary,
} from '../../../src/enforce/suricata/suricata-features.ts';
import { requires } from '../../support/requirement.ts';

const signal = new AbortController().signal;

test('featuresOf() knows subdomains from 8.0.7 on, and takes what it cannot read for old', () => {
  const can = ['8.0.7 RELEASE', '8.0.7', '8.0.10 RELEASE', '8.1.0-dev', '9.0.0'];
  const cannot = ['7.0.10 RELEASE', '7.9.9', '8.0.6 RELEASE', '8.0.7'.slice(0, 3), '', 'unknown'];
  assert.deepEqual(
    [...can, ...cannot].filter((version) => featuresOf(version).subdomains),
    can,
  );
});

test('commonFeatures() is what both can do', () => {
  const eight = featuresOf('8.0.7');
  assert.deepEqual(commonFeatures(eight, eight), eight);
  assert.deepEqual(commonFeatures(eight, NO_FEATURES), NO_FEATURES);
});

test('versionOfBinary() asks the program, and knows nothing of one that is not there', async (t) => {
  if (!requires(t, 'suricata')) return;
  assert.match((await versionOfBinary('suricata', signal)) ?? '', /^\d+\.\d+\.\d+$/);
  assert.equal(await versionOfBinary('/nowhere/suricata', signal), undefined);
});
