import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, chownSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { OperatorError, UnavailableError } from '../../../src/core/errors.ts';
import { CommandSocket } from '../../../src/enforce/suricata/command-socket.ts';
import { SuricataCommands } from '../../../src/enforce/suricata/suricata-commands.ts';
import { networkNamespace } from '../../support/netns.ts';
import { requires } from '../../support/requirement.ts';
import { startSuricata } from '../../support/suricata.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';

const run = promisify(execFile);
const NOBODY = 65_534;

/** A server that answers as `answer` says and keeps every chunk it got, as it got it. */
async function listen(t: TestContext, answer: (text: string, client: Socket) => void) {
  const path = join(tempDir(t), 'command.sock');
  const chunks: string[] = [];
  const clients = new Set<Socket>();
  const server: Server = createServer((client) => {
    clients.add(client);
    client.on('error', () => undefined);
    client.on('close', () => clients.delete(client));
    client.on('data', (chunk) => {
      chunks.push(chunk.toString());
      answer(chunk.toString(), client);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const socket = new CommandSocket(path);
  t.after(async () => {
    socket.close();
    for (const client of clients) client.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { path, chunks, clients, socket };
}

const OK = '{"return":"OK"}\n';
const isVersion = (text: string): boolean => text.startsWith('{"version"');

async function suricataIn(t: TestContext) {
  const dir = tempDir(t);
  const suricata = await startSuricata(t, { dir, netns: await networkNamespace(t) });
  const socket = new CommandSocket(suricata.commandSocket);
  t.after(() => socket.close());
  return { suricata, socket, commands: new SuricataCommands(socket) };
}

test('real Suricata answers every typed question', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const { commands } = await suricataIn(t);
  assert.match(await commands.version(), /^\d+\.\d+/);
  assert.ok((await commands.uptime()) >= 0);
  assert.equal(await commands.runningMode(), 'workers');
  assert.ok((await commands.commandList()).includes('dataset-lookup'));
  assert.deepEqual(await commands.rulesetStats(), { loaded: 0, failed: 0, skipped: 0 });
  assert.deepEqual(await commands.failedRules(), []);
  assert.equal(await commands.datasetLookup({ name: 'none', type: 'string' }, 'x'), 'no_set');
  await Promise.all([commands.reloadRules(), commands.reloadRules(), commands.uptime()]);
  assert.ok(((await commands.lastReloadAt()) ?? 0) > Date.now() - 60_000);
});

test('the longest allowed command is survived by real Suricata, and one byte more is never sent', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const { socket, commands } = await suricataIn(t);
  const empty = Buffer.byteLength(`${JSON.stringify({ command: 'version', arguments: { x: '' } })}\n`);
  assert.equal((await socket.send('version', { x: 'a'.repeat(4094 - empty) })).ok, true);
  await assert.rejects(socket.send('version', { x: 'a'.repeat(4095 - empty) }), OperatorError);
  assert.ok((await commands.uptime()) >= 0);
});

test('a client that holds the socket of real Suricata costs a timeout, and no more once it is gone', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const { suricata, commands, socket } = await suricataIn(t);
  const rude = connect(suricata.commandSocket);
  rude.on('error', () => undefined);
  await new Promise((resolve) => rude.once('connect', resolve));
  await assert.rejects(socket.send('uptime', undefined, { timeoutMs: 700 }), (error: unknown) => {
    assert.ok(error instanceof UnavailableError);
    assert.match(error.hint ?? '', /another program/);
    return true;
  });
  rude.destroy();
  assert.ok((await commands.uptime()) >= 0);
});

test('a restart of real Suricata is survived by the same object', async (t) => {
  if (!requires(t, 'suricata', 'netns')) return;
  const { suricata, commands } = await suricataIn(t);
  await commands.uptime();
  await suricata.stop();
  await assert.rejects(commands.uptime(), UnavailableError);
  await suricata.start();
  assert.ok((await commands.uptime()) >= 0);
});

test('the version goes first, then one command in one write, each after the answer to the one before', async (t) => {
  const { socket, chunks } = await listen(t, (_, client) => client.write(OK));
  await Promise.all([socket.send('uptime'), socket.send('dataset-add', { setname: 'a' }), socket.send('version')]);
  assert.deepEqual(chunks, [
    '{"version":"0.2"}\n',
    '{"command":"uptime"}\n',
    '{"command":"dataset-add","arguments":{"setname":"a"}}\n',
    '{"command":"version"}\n',
  ]);
});

test('an answer in many pieces is read to its newline', async (t) => {
  const message = 'x'.repeat(40_000);
  const answer = `${JSON.stringify({ message, return: 'OK' })}\n`;
  const { socket } = await listen(t, (text, client) => {
    if (isVersion(text)) return void client.write(OK);
    client.write(answer.slice(0, 20_000));
    setImmediate(() => client.write(answer.slice(20_000)));
  });
  assert.equal((await socket.send('dump-counters')).message, message);
});

test('a connection that Suricata closed in between is made anew, and the command sent again', async (t) => {
  let closed = false;
  const { socket } = await listen(t, (text, client) => {
    if (isVersion(text) || closed) return void client.write(OK);
    if (text.includes('version')) closed = client.destroy().destroyed;
    else client.write(OK);
  });
  await socket.send('uptime');
  assert.equal((await socket.send('version')).ok, true);
});

test('a command that times out is not sent twice, and later ones go on', async (t) => {
  const { socket, chunks } = await listen(t, (text, client) => {
    if (!text.includes('slow')) client.write(OK);
  });
  await socket.send('uptime');
  await assert.rejects(socket.send('slow', undefined, { timeoutMs: 50 }), /no answer within 50 ms/);
  assert.equal((await socket.send('uptime')).ok, true);
  assert.equal(chunks.filter((chunk) => chunk.includes('slow')).length, 1);
});

test('a signal lets the caller go, and the connection stays for its answer', async (t) => {
  let answerLate: (() => void) | undefined;
  const { socket, clients } = await listen(t, (text, client) => {
    if (text.includes('slow')) answerLate = () => client.write(OK);
    else client.write(OK);
  });
  const abort = new AbortController();
  const slow = socket.send('slow', undefined, { signal: abort.signal });
  await until('the command is under way', () => answerLate !== undefined);
  abort.abort(new Error('enough'));
  await assert.rejects(slow, /enough/);
  assert.equal(clients.size, 1);
  const next = socket.send('uptime');
  answerLate?.();
  assert.equal((await next).ok, true);
});

test('rubbish for an answer, and an answer of nobody, are unavailability with a hint where there is one', async (t) => {
  const { socket } = await listen(t, (text, client) => client.write(isVersion(text) ? OK : 'rubbish\n'));
  await assert.rejects(socket.send('uptime'), UnavailableError);
  const nobody = new CommandSocket(join(tempDir(t), 'none.sock'));
  await assert.rejects(nobody.send('uptime'), (error: unknown) => {
    assert.ok(error instanceof UnavailableError);
    assert.match(error.hint ?? '', /unix-command enabled/);
    return true;
  });
});

test('a socket of a user we have no right to is unavailability, and the hint says which group to join', async (t) => {
  if (!requires(t, 'netns')) return;
  const { path } = await listen(t, (_, client) => client.write(OK));
  chownSync(path, NOBODY, NOBODY);
  chmodSync(path, 0o600);
  const module = new URL('../../../src/enforce/suricata/command-socket.ts', import.meta.url).href;
  const code = `const { CommandSocket } = await import(${JSON.stringify(module)});
    await new CommandSocket(${JSON.stringify(path)}).send('uptime').catch((error) => console.log(error.message, error.hint));`;
  // Root may do anything, so that right is taken from it.
  const without = ['--bounding-set', '-dac_override', '--inh-caps', '-dac_override', process.execPath];
  const { stdout } = await run('setpriv', [...without, '--import', 'tsx', '--input-type=module', '-e', code]);
  assert.match(stdout, /EACCES Add guardian's user to the group that Suricata runs as/);
});

test('reloadRules() waits out a reload that somebody else began', async (t) => {
  let busy = 2;
  const { socket } = await listen(t, (text, client) => {
    if (isVersion(text)) client.write(OK);
    else if (busy-- > 0) client.write('{"message":"Reload already in progress","return":"NOK"}\n');
    else client.write('{"message":"done","return":"OK"}\n');
  });
  await new SuricataCommands(socket).reloadRules();
  assert.equal(busy, -1);
});

test('reloadRules() says what to do when Suricata cannot reload', async (t) => {
  const { socket } = await listen(t, (text, client) => {
    client.write(
      isVersion(text)
        ? OK
        : '{"message":"Live rule reload not possible if -s or -S option used at runtime.","return":"NOK"}\n',
    );
  });
  await assert.rejects(new SuricataCommands(socket).reloadRules(), /-s or -S/);
});

test('an entry that is busy is tried again until it is removed', async (t) => {
  let busy = 3;
  const { socket } = await listen(t, (text, client) => {
    if (isVersion(text)) client.write(OK);
    else client.write(`{"message":"${busy-- > 0 ? 'data is busy, try again' : 'data removed'}","return":"OK"}\n`);
  });
  const set = { name: 'guardian-domains', type: 'string' } as const;
  assert.equal(await new SuricataCommands(socket).datasetRemove(set, 'x.example'), 'removed');
});
