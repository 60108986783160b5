import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FleetWord, WordFlow } from '../../src/central/word-flow.ts';
import { parsePattern } from '../../src/core/pattern.ts';
import { requires } from '../support/requirement.ts';
import { DAY, type FleetServer, memoryOf, startFleetServer } from './fleet-fixture.ts';

interface Sensor {
  readonly exchange: () => Promise<void>;
  readonly say: (pattern: string, action: FleetWord['action'], changes?: Partial<FleetWord>) => void;
  /** What it heard since this was asked last. */
  readonly heard: () => readonly string[];
  readonly words: FleetWord[];
  /** What the centre did not take, with its error. */
  readonly aside: readonly string[];
  /** Lets it believe that it has read until then. */
  readonly readUntil: (time: string) => void;
  readonly refused: () => number;
}

function sensorOn(server: FleetServer, sensor: string, now: () => number = Date.now): Sensor {
  const pending: FleetWord[] = [];
  const words: FleetWord[] = [];
  const aside: string[] = [];
  const memory = memoryOf();
  const flow = new WordFlow({
    pool: server.pool(),
    book: {
      pending: () => [...pending],
      acknowledge: (word) => void pending.splice(pending.indexOf(word), 1),
      setAside: (word, error) => {
        pending.splice(pending.indexOf(word), 1);
        aside.push(`${word.pattern.text}: ${error}`);
      },
    },
    memory,
    onWords: (heard) => void words.push(...heard),
    now,
  });
  return {
    exchange: async () => {
      while (await flow.exchange());
    },
    say: (text, action, changes = {}) => {
      const pattern = parsePattern(text);
      assert.ok(pattern.ok);
      pending.push({
        pattern: pattern.value,
        action,
        reason: 'because',
        origin: 'operator',
        sensor,
        saidAt: now(),
        ...changes,
      });
    },
    heard: () => words.splice(0).map(({ pattern, action, sensor: by }) => `${by}: ${action} ${pattern.text}`),
    words,
    aside,
    readUntil: (time) => memory.remember('words_until', time),
    refused: () => flow.counts.refused,
  };
}

test('a word reaches every sensor, is taken back by any of them, and comes with its age and end by the clock of whoever hears it', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const office = sensorOn(server, 'office');
  const attic = sensorOn(server, 'attic', () => Date.now() + 3 * DAY);
  office.say('*.shop.com', 'allow', { saidAt: Date.now() - 60_000, expiresAt: Date.now() + DAY });
  await office.exchange();
  await attic.exchange();
  const [word] = attic.words;
  const near = (at: number | undefined, wanted: number) => assert.ok(Math.abs((at ?? 0) - wanted) < 60_000, `${at}`);
  near(word?.saidAt, Date.now() + 3 * DAY - 60_000);
  near(word?.expiresAt, Date.now() + 4 * DAY);
  assert.deepEqual(attic.heard(), ['office: allow *.shop.com']);
  attic.say('*.shop.com', 'forget');
  await attic.exchange();
  office.heard();
  await office.exchange();
  assert.deepEqual(office.heard(), ['attic: forget *.shop.com']);
});

test('what was said last holds, also when the sensor that said the earlier word was away for days and its clock is wrong', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const away = sensorOn(server, 'away', () => Date.now() + 30 * DAY);
  const here = sensorOn(server, 'here');
  away.say('shop.com', 'allow', { saidAt: Date.now() + 30 * DAY - 2 * DAY });
  here.say('shop.com', 'block', { saidAt: Date.now() - DAY });
  await here.exchange();
  await away.exchange();
  away.heard();
  await away.exchange();
  assert.deepEqual(away.heard(), ['here: block shop.com']);
});

test('a word that holds until the last time there is reaches the others, also from a clock that is behind', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const office = sensorOn(server, 'office', () => Date.now() - DAY);
  const attic = sensorOn(server, 'attic');
  office.say('far.com', 'allow', { expiresAt: Date.UTC(9999, 11, 31, 23, 59, 59) });
  office.say('next.com', 'block');
  await office.exchange();
  await attic.exchange();
  const years = (word?: FleetWord) => Math.round(((word?.expiresAt ?? 0) - Date.now()) / (365.25 * DAY));
  assert.equal(years(attic.words.find(({ pattern }) => pattern.text === 'far.com')), 100);
  assert.deepEqual(attic.heard().toSorted(), ['office: allow far.com', 'office: block next.com']);
});

test('a word that no sensor writes is refused and counted, and the others arrive', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const insert = (values: string) =>
    `INSERT INTO virus_total.shared_overrides VALUES (${values}, UTC_TIMESTAMP(3), NULL, UTC_TIMESTAMP(3))`;
  await server.sql(
    insert(`'good.com', 'allow', 'a\\nb\\u202e', 'operator', 'office'`),
    insert(`'GOOD.com', 'allow', '', 'operator', 'office'`),
    insert(`'not a name"; DROP', 'allow', '', 'operator', 'office'`),
    insert(`'a.com', 'explode', '', 'operator', 'office'`),
    insert(`'b.com', 'block', '', 'god', 'office'`),
    insert(`'c.com', 'block', '', 'operator', '<b>'`),
  );
  const sensor = sensorOn(server, 'attic');
  await sensor.exchange();
  assert.match(sensor.words[0]?.reason ?? '', /^[\x20-\x7e]*$/);
  assert.deepEqual(sensor.heard(), ['office: allow good.com']);
  assert.equal(sensor.refused(), 5);
});

test('a word that the server refuses for what it says is set aside, and the words after it go on', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  await server.sql(`CREATE TRIGGER virus_total.no_evil BEFORE INSERT ON virus_total.shared_overrides FOR EACH ROW
    IF NEW.pattern = 'evil.com' THEN SIGNAL SQLSTATE '22001' SET MESSAGE_TEXT = 'not this one'; END IF`);
  const office = sensorOn(server, 'office');
  const attic = sensorOn(server, 'attic');
  office.say('evil.com', 'block');
  office.say('good.com', 'allow');
  await office.exchange();
  await attic.exchange();
  assert.equal(office.aside.length, 1);
  assert.match(office.aside[0] ?? '', /^evil\.com: .*not this one/);
  assert.deepEqual(attic.heard(), ['office: allow good.com']);
});

test('a clock of the server that was minutes ahead and was set right lets the last word hold, in any alphabet', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const office = sensorOn(server, 'office');
  const attic = sensorOn(server, 'attic');
  office.say('shop.com', 'block');
  await office.exchange();
  await server.sql('UPDATE virus_total.shared_overrides SET said = said + INTERVAL 5 MINUTE');
  attic.say('shop.com', 'allow', { reason: 'Müllabfuhr für Gäste' });
  await attic.exchange();
  await office.exchange();
  assert.equal(office.words.at(-1)?.reason, 'Müllabfuhr für Gäste');
  assert.equal(office.heard().at(-1), 'attic: allow shop.com');
});

test('a clock of the server that was days ahead and was set back loses no word', async (t) => {
  if (!requires(t, 'mariadb')) return;
  const server = await startFleetServer(t);
  const office = sensorOn(server, 'office');
  const attic = sensorOn(server, 'attic');
  office.say('shop.com', 'block');
  await office.exchange();
  await attic.exchange();
  // As they stand when that clock is set back by three days.
  await server.sql(
    `UPDATE virus_total.shared_overrides SET said = said + INTERVAL 3 DAY, changed = changed + INTERVAL 3 DAY`,
  );
  attic.readUntil('2999-01-01 00:00:00.000');
  office.heard();
  attic.heard();
  office.say('shop.com', 'allow');
  await office.exchange();
  await attic.exchange();
  assert.deepEqual(attic.heard(), ['office: allow shop.com']);
});
