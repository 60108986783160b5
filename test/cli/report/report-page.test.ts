import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { documentOf } from '../../../src/api/document.ts';
import type { ReportDocument } from '../../../src/api/report-facts.ts';
import { EXAMPLE_HOSTS } from '../../../src/cli/demo/demo-world.ts';
import { spanText } from '../../../src/cli/wording.ts';
import { DEFAULT_POLICY } from '../../../src/core/policy.ts';
import { reportOf } from '../../../src/sidecar/report-of.ts';
import { Chromium, type Page } from '../../support/chromium.ts';
import { requires } from '../../support/requirement.ts';
import { emptyReport, emptyStore, pageFile, WEEK_MS, weekOf } from './report-fixture.ts';

const PHONE = 390;
const DESK = 1280;
/** What small text needs (WCAG 2.2, 1.4.3). */
const LEAST_CONTRAST = 4.5;

/** What a stranger may call things: markup, attributes, direction marks, invisible signs, and as long as a name can be. */
const HOSTILE = [
  '"><script>document.title="owned";alert(1)</script>',
  "'><img src=http://evil.example/x.png onerror=alert(2)>",
  '</style><style>@import url(http://evil.example/x.css);body{background:url(http://evil.example/y)}</style>',
  '<svg onload=alert(3)><a xlink:href="javascript:alert(4)">x</a></svg>',
  'moc.elpmaxe\u202egnp.exe\u2066\u200f',
  '<!--<meta http-equiv="refresh" content="0;url=http://evil.example/">',
  '&lt;b&gt; &#x3c;script&#x3e;',
  `${'A'.repeat(250)}`,
];

let chromium: Chromium | undefined;
after(() => chromium?.close());

/** A page of the one Chromium that all tests here share. It begins with the first, which has made sure that there is one. */
async function openPage(): Promise<Page> {
  chromium ??= new Chromium();
  return chromium.open();
}

/** Every text of a document that comes from outside is made hostile, at random places of the week. */
function poisoned(report: ReportDocument): ReportDocument {
  let n = 0;
  const bad = () => HOSTILE[n++ % HOSTILE.length] ?? '';
  const each = <T extends object>(rows: readonly T[], change: (row: T) => Partial<T>) =>
    rows.map((row) => ({ ...row, ...change(row) }));
  return {
    ...report,
    scans: {
      ...report.scans,
      rows: each(report.scans.rows, () => ({ observable: bad(), permalink: bad() })),
      classes: each([...report.scans.classes, ...report.scans.classes, ...report.scans.classes], () => ({
        name: bad(),
      })),
      vectors: each(report.scans.vectors, () => ({ vector: bad() })),
    },
    contacts: each(report.contacts, () => ({ observable: bad(), client: bad() })),
    signatures: each([...report.signatures, ...report.signatures, ...report.signatures], () => ({ signature: bad() })),
    hits: each(report.hits, () => ({ observable: bad(), client: bad() })),
    blocks: each(report.blocks, ({ publications }) => ({
      observable: bad(),
      ratio: bad(),
      source: bad(),
      publications: each(publications, () => ({ target: bad(), state: 'failed' as const, error: bad() })),
    })),
    status: {
      ...report.status,
      sensor: HOSTILE[0] ?? '',
      version: bad(),
      held_blocks: [{ observable: bad(), ratio: bad(), since: report.since, why: bad() }],
      warnings: [{ code: bad(), text: bad(), hint: bad() }],
      feeds: [{ name: bad(), role: 'evidence', state: 'kept', entries: 1, problem: bad() }],
      targets: [{ name: bad(), published: 0, proved: 0, failed: 1, notice: bad() }],
    },
  };
}

/** No element is wider than the window: nothing has to be pushed aside to be read. */
async function overflowing(page: Page): Promise<readonly string[]> {
  return page.evaluate(
    `[...document.querySelectorAll('body *')].filter((one) => { const box = one.getBoundingClientRect(); return !one.closest('thead') && box.width > 0 && (box.right > innerWidth + 1 || box.left < -1); }).map((one) => one.tagName + ': ' + one.textContent.slice(0, 40))`,
  );
}

/** Texts whose contrast to the ground behind them is too low. */
async function faint(page: Page): Promise<readonly string[]> {
  return page.evaluate(`(() => {
    const channel = (value) => { const share = value / 255; return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4; };
    const light = (colour) => { const [r, g, b] = colour.match(/[\\d.]+/g).map(Number); return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
    const ground = light(getComputedStyle(document.body).backgroundColor);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.data.trim() === '' || node.parentElement.closest('title')) continue;
      const style = getComputedStyle(node.parentElement);
      const ink = light(node.parentElement.tagName === 'text' ? style.fill : style.color);
      const contrast = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
      if (contrast < ${LEAST_CONTRAST}) found.push(contrast.toFixed(2) + ' ' + node.data.slice(0, 30));
    }
    return found;
  })()`);
}

test('hostile names run nothing, fetch nothing, change nothing, and are read as what they are', async (t) => {
  if (!requires(t, 'chromium')) return;
  const { panels } = weekOf(emptyStore(t));
  const path = pageFile(t, poisoned(documentOf(panels)));
  const page = await openPage();
  await page.load(path, { width: DESK });
  assert.deepEqual(page.requests, [], 'nothing was asked for');
  assert.deepEqual(page.incidents, [], 'no dialog, no message, nothing that the policy had to refuse');
  const elements = await page.evaluate<number>(
    `document.querySelectorAll('script, img, iframe, object, embed, link, form, base, [onload], [onerror], svg a').length`,
  );
  assert.equal(elements, 0);
  assert.equal(await page.evaluate('document.querySelectorAll("style, meta[http-equiv]").length'), 2);
  assert.deepEqual(
    await page.evaluate(
      `[...document.querySelectorAll('a')].filter((one) => !one.href.startsWith('https://www.virustotal.com/')).length`,
    ),
    0,
  );
  assert.match(
    await page.evaluate('document.title'),
    /^"><script>document\.title="owned";alert\(1\)<\/script>: network report/,
  );
  const names = await page.evaluate<string[]>(`[...document.querySelectorAll('.name')].map((one) => one.textContent)`);
  assert.ok(names.includes(HOSTILE[0] ?? ''), 'shown letter by letter');
  assert.ok(names.includes('moc.elpmaxe\\u202egnp.exe\\u2066\\u200f'), 'what would turn the direction is spelled out');
  assert.ok(!(await page.evaluate<string>('document.body.textContent')).includes('\u202e'));
});

test('what is hostile on its way through the store is text on the page too', async (t) => {
  if (!requires(t, 'chromium')) return;
  const store = emptyStore(t);
  const { week } = weekOf(store);
  const url = week.answer('http://203.0.113.9/"><script>alert(1)</script>?q=\'><img src=x>', 7, week.now - 60_000);
  week.use(url, '192.168.50.21', week.now - 60_000);
  for (const signature of HOSTILE)
    store.alerts.keep({
      at: week.now - 1,
      sid: 1,
      signature,
      category: signature,
      severity: 1,
      action: 'allowed',
      client: signature,
      peer: '',
    });
  const panels = reportOf({
    store,
    status: week.status(),
    policy: DEFAULT_POLICY,
    since: week.now - WEEK_MS,
    now: week.now,
  });
  const page = await openPage();
  await page.load(pageFile(t, documentOf(panels)), { width: PHONE });
  assert.deepEqual([page.requests, page.incidents], [[], []]);
  assert.equal(await page.evaluate('document.querySelectorAll("script, img, svg a, [onload]").length'), 0);
  const text = await page.evaluate<string>('document.body.textContent');
  assert.ok(text.includes(HOSTILE[0] ?? ''));
  assert.ok(text.includes(url.value), 'the URL in its canonical form');
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), PHONE);
});

test('even a script that got in would not run: the policy of the page refuses it', async (t) => {
  if (!requires(t, 'chromium')) return;
  const { readFileSync, writeFileSync } = await import('node:fs');
  const { panels } = weekOf(emptyStore(t));
  const path = pageFile(t, documentOf(panels));
  const injected =
    '<script>document.title="owned"</script><img src="http://evil.example/x.png"><p style="color:red">x</p>';
  writeFileSync(path, readFileSync(path, 'utf8').replace('<footer>', `${injected}<footer>`));
  const page = await openPage();
  await page.load(path, { width: DESK });
  assert.match(await page.evaluate('document.title'), /^gateway: network report/);
  assert.deepEqual(page.requests, []);
  assert.equal(page.incidents.filter((one) => /Content Security Policy/i.test(one)).length, 3);
});

for (const [what, width] of [
  ['a phone', PHONE],
  ['a small phone', 320],
  ['a tablet', 820],
  ['a desk', DESK],
] as const) {
  test(`nothing hangs out at the width of ${what}, with ordinary and with hostile names, folded and unfolded`, async (t) => {
    if (!requires(t, 'chromium')) return;
    const report = documentOf(weekOf(emptyStore(t)).panels);
    const page = await openPage();
    for (const one of [report, poisoned(report), emptyReport(emptyStore(t))]) {
      await page.load(pageFile(t, one), { width });
      for (const isOpen of [false, true]) {
        await page.evaluate(`document.querySelectorAll('details').forEach((one) => { one.open = ${isOpen}; })`);
        assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width);
        assert.deepEqual(await overflowing(page), []);
      }
    }
  });
}

test('dark and light differ, and every text can be read in both', async (t) => {
  if (!requires(t, 'chromium')) return;
  const path = pageFile(t, documentOf(weekOf(emptyStore(t)).panels));
  const page = await openPage();
  const seen = new Map<string, string>();
  for (const scheme of ['light', 'dark'] as const) {
    await page.load(path, { width: DESK, scheme });
    seen.set(scheme, await page.evaluate('getComputedStyle(document.body).backgroundColor'));
    assert.deepEqual(await faint(page), [], scheme);
    // Clean, suspicious and malicious are told apart, and green, orange, red: by their strongest channel.
    const colours = await page.evaluate<string[]>(
      `['clean', 'suspicious', 'malicious'].map((tone) => getComputedStyle(document.querySelector('rect.t-' + tone)).fill)`,
    );
    assert.equal(new Set(colours).size, 3);
    const [green, orange, red] = colours.map((colour) => (colour.match(/\d+/g) ?? []).map(Number));
    assert.ok(
      (green?.[1] ?? 0) > (green?.[0] ?? 0) &&
        (red?.[0] ?? 0) > (red?.[1] ?? 0) &&
        (orange?.[0] ?? 0) > (orange?.[1] ?? 0),
    );
    assert.ok(
      (orange?.[1] ?? 0) - (orange?.[2] ?? 0) > (red?.[1] ?? 0) - (red?.[2] ?? 0),
      'orange holds more yellow than red does',
    );
  }
  assert.notEqual(seen.get('light'), seen.get('dark'));
});

test('the numbers on the page are those of the store, and everything stands on one axis', async (t) => {
  if (!requires(t, 'chromium')) return;
  const store = emptyStore(t);
  const { week, panels } = weekOf(store);
  const page = await openPage();
  await page.load(pageFile(t, documentOf(panels)), { width: DESK });
  const figures = await page.evaluate<Record<string, string>>(
    `Object.fromEntries([...document.querySelectorAll('.figures div')].map((one) => [one.querySelector('dt').textContent, one.querySelector('dd span').textContent]))`,
  );
  const counts = store.verdicts.countByState();
  const asked = store.lookups.counts('virustotal', { since: panels.since, now: week.now }).get('found') ?? 0;
  assert.deepEqual(figures, {
    'Detection ratio': '0.7\u00a0%',
    Malicious: String(counts.malicious),
    Suspicious: String(counts.suspicious),
    'Questions asked': String(asked),
    'Age of last answer': spanText(
      week.now - (store.scanPanels.lastScanAt({ since: 0, now: week.now, stepMs: 1 }) ?? 0),
    ),
    Blocked: String(store.indicators.desired(week.now).size),
  });
  const rows = await page.evaluate<string[][]>(
    `[...document.querySelectorAll('table')].filter((one) => one.textContent.includes('Permalink')).flatMap((one) => [...one.querySelectorAll('tbody tr')]).map((one) => [...one.cells].map((cell) => cell.innerText.trim().split('\\n')[0]).concat(one.querySelector('a').href))`,
  );
  assert.equal(rows.length, panels.scans.rows.length);
  for (const { name, report } of EXAMPLE_HOSTS) {
    const row = rows.find(([url]) => url === name);
    assert.deepEqual(row?.slice(2, 5), [String(report?.malicious), '92', `${report?.malicious}/92`], name);
    assert.match(row?.[5] ?? '', /^(noise|suspicious)$/);
    assert.equal(row?.at(-1), `https://www.virustotal.com/gui/domain/${name}`);
  }
  const blockedNames = await page.evaluate<string[]>(
    `[...document.querySelectorAll('td[data-label=Blocked] .name')].map((one) => one.textContent)`,
  );
  assert.deepEqual(
    blockedNames.sort(),
    [...store.indicators.desired(week.now).values()].map(({ observable }) => observable.value).sort(),
  );
  const grids = await page.evaluate<string[]>(
    `[...document.querySelectorAll('svg.columns')].map((one) => [...one.querySelectorAll('.grid')].map((line) => Math.round(line.getBoundingClientRect().left)).join())`,
  );
  assert.equal(grids.length, 5);
  assert.equal(new Set(grids).size, 1, 'the days stand one below the other');
});

test('an empty database says in every part why it is empty', async (t) => {
  if (!requires(t, 'chromium')) return;
  const page = await openPage();
  await page.load(pageFile(t, emptyReport(emptyStore(t))), { width: PHONE, scheme: 'dark' });
  const silent = await page.evaluate<string[]>(
    `[...document.querySelectorAll('section, .lane, .pair > div')].filter((one) => !one.querySelector('.empty, .lines')).map((one) => one.textContent)`,
  );
  assert.deepEqual(silent, []);
  const whys = await page.evaluate<string[]>(`[...document.querySelectorAll('.empty')].map((one) => one.textContent)`);
  assert.ok(
    whys.every((why) => why.length > 20 && !/undefined|NaN|null/.test(why)),
    whys.join('\n'),
  );
  assert.match(await page.evaluate('document.querySelector("h1").textContent'), /nothing to report yet/);
});

test('clocks that run ahead or stand still break nothing', async (t) => {
  if (!requires(t, 'chromium')) return;
  const store = emptyStore(t);
  const { week, panels } = weekOf(store);
  const ahead = new Date(week.now + 400 * 86_400_000).toISOString();
  const report = documentOf(panels);
  const wrong: ReportDocument = {
    ...report,
    scans: {
      ...report.scans,
      last_scan_at: ahead,
      rows: report.scans.rows.map((row) => ({ ...row, last_analysis_at: ahead })),
    },
    series: {
      ...report.series,
      alerts: [
        { at: ahead, counts: [9, 0, 0, 0] },
        { at: '1970-01-01T00:00:00.000Z', counts: [9, 9, 9, 9] },
      ],
    },
  };
  const page = await openPage();
  await page.load(pageFile(t, wrong), { width: PHONE });
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), PHONE);
  assert.ok(!/NaN|Infinity|undefined/.test(await page.evaluate<string>('document.documentElement.outerHTML')));
});
