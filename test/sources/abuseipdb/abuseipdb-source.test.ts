import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CredentialsError, QuotaError, RefusedError, UnavailableError } from '../../../src/core/errors.ts';
import type { Observable } from '../../../src/core/observable.ts';
import { AbuseIpDbSource } from '../../../src/sources/abuseipdb/abuseipdb-source.ts';
import { until } from '../../support/until.ts';
import { deskBefore, INTERNAL, OWN } from '../desk-before.ts';
import { dataOf, KEY, startAbuseIpDb } from './abuseipdb-stand-in.ts';

const NOW = Date.UTC(2026, 3, 15);
const NEVER = new AbortController().signal;
const ip = (value: string): Observable => ({ kind: 'ip', value });

test('AbuseIpDbSource makes one engine of a score, and none of a well-known address', async (t) => {
  const { baseUrl, known, violations } = await startAbuseIpDb(t);
  known.set('8.8.4.1', { abuseConfidenceScore: 100, totalReports: 9, lastReportedAt: '2026-04-14T10:00:00+00:00' });
  known.set('8.8.4.2', { abuseConfidenceScore: 40, totalReports: 3 });
  known.set('8.8.4.3', { abuseConfidenceScore: 5, totalReports: 1 });
  known.set('8.8.4.4', { abuseConfidenceScore: 90, totalReports: 70, isWhitelisted: true });
  const source = new AbuseIpDbSource({ apiKey: KEY, baseUrl, now: () => NOW });
  const said: string[] = [];
  for (const address of ['8.8.4.1', '8.8.4.2', '8.8.4.3', '8.8.4.4', '8.8.4.5', '2a00::1']) {
    const { outcome, stats } = await source.lookUp(ip(address), NEVER);
    said.push(`${address} ${outcome} ${stats.malicious}/${stats.suspicious}/${stats.undetected}/${stats.harmless}`);
  }
  assert.deepEqual(said, [
    '8.8.4.1 found 1/0/0/0',
    '8.8.4.2 found 0/1/0/0',
    '8.8.4.3 found 0/0/1/0',
    '8.8.4.4 found 0/0/1/0',
    '8.8.4.5 not_found 0/0/0/0',
    '2a00::1 not_found 0/0/0/0',
  ]);
  const report = await source.lookUp(ip('8.8.4.1'), NEVER);
  assert.equal(report.lastAnalysisAt, Date.UTC(2026, 3, 14, 10));
  assert.equal(report.permalink, 'https://www.abuseipdb.com/check/8.8.4.1');
  assert.deepEqual(violations, []);
});

test('AbuseIpDbSource never takes a failure for an answer', async (t) => {
  const { baseUrl, known } = await startAbuseIpDb(t);
  const source = new AbuseIpDbSource({ apiKey: KEY, baseUrl, now: () => NOW });
  known.set('8.8.4.1', { abuseConfidenceScore: '100' });
  known.set('8.8.4.2', { abuseConfidenceScore: 101 });
  known.set('8.8.4.3', { ipAddress: '8.8.8.8' });
  known.set('8.8.4.4', (response) => void response.end('<html>'));
  known.set('8.8.4.5', (response) => void response.writeHead(500).end());
  known.set('8.8.4.6', (response) => void response.end(JSON.stringify({ errors: [], ...dataOf('8.8.4.6') })));
  for (const address of known.keys())
    await assert.rejects(source.lookUp(ip(address), NEVER), UnavailableError, address);
  known.set('8.8.4.7', (response) => void response.writeHead(422).end('{}'));
  await assert.rejects(source.lookUp(ip('8.8.4.7'), NEVER), RefusedError);
  known.set('8.8.4.8', (response) => void response.writeHead(429, { 'retry-after': '3600' }).end());
  await assert.rejects(
    source.lookUp(ip('8.8.4.8'), NEVER),
    (error) => error instanceof QuotaError && error.retryAt === NOW + 3_600_000,
  );
  await assert.rejects(source.lookUp({ kind: 'domain', value: 'example.com' }, NEVER), RefusedError);
});

test('AbuseIpDbSource names no key when it is refused', async (t) => {
  const { baseUrl } = await startAbuseIpDb(t);
  for (const apiKey of ['wrong-key', 'bad key', '']) {
    const source = new AbuseIpDbSource({ apiKey, baseUrl, now: () => NOW });
    await assert.rejects(source.lookUp(ip('8.8.4.1'), NEVER), (error) => {
      assert.ok(error instanceof CredentialsError);
      assert.doesNotMatch(error.message, /wrong-key|bad key/);
      return true;
    });
  }
});

test('AbuseIpDbSource behind the desk never sees a private address', async (t) => {
  const { baseUrl, asked } = await startAbuseIpDb(t);
  const source = new AbuseIpDbSource({ apiKey: KEY, baseUrl, now: () => NOW });
  const { desk, reports, disclosed, queue } = deskBefore(t, source, [...INTERNAL, ip('8.8.4.9')], OWN);
  await until('the queue is empty', () => queue.size === 0 && reports.length === 1);
  for (const one of INTERNAL) await assert.rejects(desk.askNow(one), RefusedError, one.value);
  assert.deepEqual(asked, ['8.8.4.9']);
  assert.deepEqual(disclosed, ['8.8.4.9']);
});
