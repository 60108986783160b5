import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { html, link, name } from '../../../src/cli/report/markup.ts';
import { TimeAxis } from '../../../src/cli/report/time-axis.ts';
import { UNPRINTABLE } from '../../../src/lib/printable.ts';

test('whatever a text holds, it ends neither an element nor an attribute', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const { text: made } = html`<p title="${text}">${text}</p>`;
      const inner = /^<p title="([^"<>]*)">([^<>]*)<\/p>$/s.exec(made);
      assert.ok(inner, made);
      assert.equal(made.replace(UNPRINTABLE, ''), made);
    }),
  );
});

test('what an escaped text says is what the text said', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...`<>&"' ab;#39`) }), (text) => {
      const back = html`${text}`.text
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&quot;', '"')
        .replaceAll('&#39;', "'")
        .replaceAll('&amp;', '&');
      assert.equal(back, text);
    }),
  );
});

test('only https is linked; everything else is text', () => {
  assert.match(link('https://www.virustotal.com/gui/domain/a.com', 'x').text, /^<a href="https:/);
  for (const address of [
    'javascript:alert(1)',
    'http://a.com',
    'data:text/html,x',
    '',
    '//a.com',
    'file:///etc/passwd',
  ])
    assert.equal(link(address, 'x').text, 'x');
});

test('a name may break after its dots, and reads as it is', () => {
  assert.equal(name('a.b').text, '<bdi dir="ltr" class="name">a.<wbr>b</bdi>');
});

test('an axis ends with the step that holds its last moment, and its ticks stand on whole days or hours', () => {
  const day = 86_400_000;
  const until = Date.parse('2026-03-14T21:30:00Z');
  for (const [days, step] of [
    [1, 900_000],
    [7, 7_200_000],
    [30, 43_200_000],
    [365, 4 * day],
  ] as const) {
    const axis = new TimeAxis(until - (until % step) - days * day, until, step);
    assert.ok(axis.holds(until) && !axis.holds(until + step));
    assert.ok(axis.ticks.length >= 3 && axis.ticks.length <= 8, `${days} d: ${axis.ticks.length}`);
    assert.ok(axis.ticks.every(({ percent }) => percent >= 0 && percent <= 100));
    assert.equal(axis.percentOf(axis.startAt), 0);
    assert.equal(axis.percentOf(axis.endAt), 100);
  }
});
