import assert from 'node:assert/strict';
import test from 'node:test';
import { createProgram } from '../../src/cli/program.ts';
import { cli, world } from './cli-fixture.ts';

const COMMANDS = (await createProgram(world())).commands.map((command) => command.name());

test('the program has every command of the contract that is built', () => {
  const wanted = [
    'status',
    'lookup',
    'explain',
    'block',
    'allow',
    'forget',
    'hunt',
    'publish',
    'export',
    'replay',
    'check',
  ];
  assert.deepEqual(
    wanted.filter((name) => !COMMANDS.includes(name)),
    [],
  );
});

for (const name of COMMANDS) {
  test(`guardian ${name} --help tells what it does, its exit status and examples`, async () => {
    const { status, stdout, stderr } = await cli([name, '--help']);
    assert.equal(status, 0);
    assert.equal(stderr, '');
    assert.match(stdout, new RegExp(`^Usage: guardian ${name} `));
    assert.match(stdout, /\nExit status:\n {2}0 /);
    assert.match(stdout, /\nExamples:\n {2}\S/);
    assert.match(stdout, new RegExp(`\\n {2}.*guardian ${name}`));
  });
}

test('guardian --help lists the commands on stdout', async () => {
  const { status, stdout } = await cli(['--help']);
  assert.equal(status, 0);
  for (const name of COMMANDS) assert.match(stdout, new RegExp(`\\n {2}${name} `));
  assert.match(stdout, /Examples:/);
});

test('guardian help COMMAND is the help of the command', async () => {
  assert.equal((await cli(['help', 'explain'])).stdout, (await cli(['explain', '--help'])).stdout);
});

test('guardian --version prints the version', async () => {
  assert.deepEqual(await cli(['--version']), { status: 0, stdout: '0.1.0\n', stderr: '' });
});

test('guardian without a command prints the help on stderr and is wrong usage', async () => {
  const { status, stdout, stderr } = await cli([]);
  assert.equal(status, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /Usage: guardian/);
});

for (const [argv, said] of [
  [['stats'], "guardian: unknown command 'stats' (Did you mean status?)\n"],
  [['status', '--jsn'], "guardian: unknown option '--jsn' (Did you mean --json?)\n"],
  [['lookup'], "guardian: missing required argument 'observable'\n"],
  [['explain', 'a.com', 'b.com'], "guardian: too many arguments for 'explain'. Expected 1 argument but got 2.\n"],
  [['status', '--json', '--watch'], "guardian: option '--watch' cannot be used with option '--json'\n"],
] as const) {
  test(`guardian ${argv.join(' ')} is wrong usage, said in one line`, async () => {
    assert.deepEqual(await cli([...argv]), { status: 2, stdout: '', stderr: said });
  });
}

test('an operand that is no observable is wrong usage, and its escapes are not printed', async () => {
  const { status, stdout, stderr } = await cli(['explain', '\u001b]0;owned\u0007.com']);
  assert.equal(status, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /^guardian: Cannot read ".*": bad character, want a domain/);
  assert.equal(stderr.split('\n').length, 2);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those must not be there
  assert.doesNotMatch(stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

test('an unknown command with escapes in it is said without them', async () => {
  const { status, stderr } = await cli(['\u001b[2Jx\nforged']);
  assert.equal(status, 2);
  assert.equal(stderr.split('\n').length, 2);
  assert.ok(!stderr.includes('\u001b'));
});
