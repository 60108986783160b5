import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { printable, printableJson } from '../../src/cli/printable.ts';
import { Printer, wrapped } from '../../src/cli/printer.ts';
import { Kept } from './cli-fixture.ts';

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const anyText = fc.string({ unit: 'binary', maxLength: 60 });
const hostileText = fc
  .array(
    fc.oneof(anyText, fc.constantFrom('\u001b[2J', '\u009b', '\n', '\t', '\r', '\u202e', '\ud800', '\u0000', '\u2028')),
  )
  .map((parts) => parts.join(''));

function printed(columns: number | undefined, print: (printer: Printer) => void): string {
  const stdout = new Kept(columns);
  print(new Printer({ stdout, env: { NO_COLOR: '1' } }));
  return stdout.text;
}

test('printable() leaves nothing that a terminal obeys, whatever the text', () => {
  fc.assert(fc.property(hostileText, (text) => assert.doesNotMatch(printable(text), UNPRINTABLE)));
});

test('printable() leaves ordinary text as it is', () => {
  assert.equal(printable('Grüße, 東京: 1/92 "x" <y>'), 'Grüße, 東京: 1/92 "x" <y>');
});

test('printableJson() parses into the same value and has nothing that a terminal obeys', () => {
  fc.assert(
    fc.property(fc.dictionary(anyText, fc.oneof(hostileText, fc.integer(), fc.boolean())), (value) => {
      const text = printableJson(value);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.doesNotMatch(text.replaceAll('\n', ''), UNPRINTABLE);
    }),
  );
});

test('a table off the terminal has one line for each row and one field for each cell, whatever is in them', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(hostileText, hostileText), { maxLength: 5 }), (rows) => {
      const lines = printed(undefined, (printer) => printer.table(['one', 'two'], rows)).split('\n');
      assert.equal(lines.length, rows.length + 2);
      for (const line of lines.slice(0, -1)) assert.equal(line.split('\t').length, 2);
    }),
  );
});

test('a table on a terminal is never wider than it', () => {
  const cells = fc.array(fc.stringMatching(/^[a-z0-9. -]{0,90}$/), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(fc.integer({ min: 40, max: 120 }), fc.array(cells, { maxLength: 4 }), (columns, rows) => {
      const text = printed(columns, (printer) => printer.table(['one', 'two', 'three'], rows));
      for (const line of text.split('\n')) assert.ok(line.length <= columns, line);
    }),
    { numRuns: 50 },
  );
});

test('wrapped() loses no word and keeps to the width', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z]{1,30}$/), { minLength: 1 }),
      fc.integer({ min: 10, max: 80 }),
      (words, width) => {
        const lines = wrapped(words.join(' '), width);
        for (const line of lines) assert.ok(line.length <= width);
        assert.equal(lines.join('').replaceAll(' ', ''), words.join(''));
      },
    ),
  );
});
