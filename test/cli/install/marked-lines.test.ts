import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withItem, withoutOurs } from '../../../src/cli/install/marked-lines.ts';

test('withItem() puts an item of the list own indentation before the others, between marks', () => {
  const joined = withItem('a: 1\noutputs:\n\n  # why\n  - fast:\n      enabled: yes\nb: 2\n', 'outputs', 'eve-log: x');
  assert.deepEqual(joined, {
    text: `a: 1
outputs:
  # guardian begin: added by "guardian install", taken out by "guardian uninstall"
  - eve-log: x
  # guardian end

  # why
  - fast:
      enabled: yes
b: 2
`,
  });
});

for (const [what, text, problem] of [
  ['is missing', 'a: 1\n', 'there is no "outputs:" at its top level'],
  ['stands twice', 'outputs:\n - a\noutputs:\n - b\n', '"outputs:" stands there 2 times'],
  ['is included', 'outputs: !include o.yaml\n', '"outputs:" is not followed by a list of lines'],
  ['is written in brackets', 'outputs: [a]\n', '"outputs:" is not followed by a list of lines'],
  ['is empty', 'outputs:\nb: 1\n', '"outputs:" is not followed by a list of lines'],
  ['is commented out', '#outputs:\n', 'there is no "outputs:" at its top level'],
  ['belongs to something else', 'x:\n  outputs:\n    - a\n', 'there is no "outputs:" at its top level'],
] as const) {
  test(`withItem() changes nothing and says why when the list ${what}`, () => {
    assert.deepEqual(withItem(text, 'outputs', 'x'), { problem });
  });
}

test('what is added is taken out again to the last byte, whatever stands around it', () => {
  const line = fc.constantFrom('', '# note', 'a: 1', '  b: ü', '\t', 'rule-file: x', '- y', '\r');
  const lines = fc.array(line, { maxLength: 8 });
  fc.assert(
    fc.property(
      lines,
      lines,
      fc.constantFrom('', '  ', '    '),
      fc.constantFrom('\n', '\r\n'),
      (head, tail, indent, end) => {
        const text = [...head, 'rule-files:', `${indent}- own.rules`, ...tail].join(end);
        const joined = withItem(text, 'rule-files', '/ours.rules');
        assert.ok('text' in joined);
        assert.ok(joined.text.includes(`${indent}- /ours.rules${end}`));
        assert.equal(withoutOurs(joined.text, ['/ours.rules']), text);
      },
    ),
  );
});

test('a person who edits around and between our lines keeps what they wrote', () => {
  const joined = withItem('rule-files:\n  - a.rules\n', 'rule-files', 'ours.rules');
  assert.ok('text' in joined);
  const edited = `# mine\n${joined.text.replace('a.rules', 'b.rules').replace('  - ours.rules\n', '  - ours.rules # bad names\n  - d.rules\n')}  - c.rules\n`;
  assert.equal(withoutOurs(edited, ['ours.rules']), '# mine\nrule-files:\n  - d.rules\n  - b.rules\n  - c.rules\n');
});

for (const mark of ['guardian begin', 'guardian end']) {
  test(`our lines are found when the line "${mark}" is gone`, () => {
    const joined = withItem('rule-files:\n  - a.rules\n', 'rule-files', 'ours.rules');
    assert.ok('text' in joined);
    const damaged = joined.text
      .split('\n')
      .filter((line) => !line.includes(mark))
      .join('\n');
    assert.equal(withoutOurs(damaged, ['ours.rules']), 'rule-files:\n  - a.rules\n');
  });
}
