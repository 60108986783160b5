import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dnsQuery, outcomeOf } from '../../../src/enforce/pihole/dns-question.ts';

const LABEL = fc.stringMatching(/^[a-z0-9_-]{1,63}$/);
const NAME = fc.array(LABEL, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.').slice(0, 253));

interface Answer {
  readonly rcode?: number;
  readonly address?: readonly number[];
  /** The data of the OPT record. */
  readonly options?: readonly number[];
}

/** An answer to a question for `name`; the name in the answer is a pointer, as servers write it. */
function answer(name: string, { rcode = 0, address, options }: Answer): Buffer {
  const question = dnsQuery(name, 7).subarray(0, -11);
  const head = Buffer.from(question);
  head.writeUInt16BE(0x8180 | rcode, 2);
  head.writeUInt16BE(address === undefined ? 0 : 1, 6);
  head.writeUInt16BE(options === undefined ? 0 : 1, 10);
  const record = address === undefined ? [] : [0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 2, 0, 4, ...address];
  const opt = options === undefined ? [] : [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, options.length, ...options];
  return Buffer.concat([head, Buffer.from(record), Buffer.from(opt)]);
}

test('outcomeOf() says blocked for the null address, and for EDE 15-18 whatever the address', () => {
  fc.assert(
    fc.property(NAME, fc.constantFrom(15, 16, 17, 18), (name, code) => {
      assert.equal(outcomeOf(answer(name, { address: [0, 0, 0, 0] })), 'blocked');
      const options = [0, 10, 0, 2, 1, 2, 0, 15, 0, 4, 0, code, 0x68, 0x69];
      assert.equal(outcomeOf(answer(name, { address: [192, 0, 2, 1], options })), 'blocked');
      assert.equal(outcomeOf(answer(name, { rcode: 3, options })), 'blocked');
    }),
  );
});

test('outcomeOf() says absent for a plain NXDOMAIN and open for an address, an empty answer and another EDE', () => {
  fc.assert(
    fc.property(NAME, (name) => {
      assert.equal(outcomeOf(answer(name, { rcode: 3 })), 'absent');
      assert.equal(outcomeOf(answer(name, { address: [192, 0, 2, 80] })), 'open');
      assert.equal(outcomeOf(answer(name, {})), 'open');
      assert.equal(outcomeOf(answer(name, { address: [192, 0, 2, 80], options: [0, 15, 0, 2, 0, 3] })), 'open');
    }),
  );
});

test('outcomeOf() never throws and never hangs, whatever arrives', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 12, maxLength: 200 }), (bytes) => {
      assert.ok(['blocked', 'absent', 'open'].includes(outcomeOf(Buffer.from(bytes))));
    }),
  );
});

test('outcomeOf() reads a torn answer as no proof', () => {
  const whole = answer('evil-one.top', { address: [0, 0, 0, 0], options: [0, 15, 0, 2, 0, 15] });
  for (let length = 12; length < whole.length; length++)
    assert.doesNotThrow(() => outcomeOf(whole.subarray(0, length)), `at ${length} bytes`);
});
