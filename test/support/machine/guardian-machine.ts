import { join } from 'node:path';
import { build } from '../../../native-config/bootstrap/build.mjs';
import { stageProduct } from '../../../native-config/bootstrap/product.mjs';
import { tempDir } from '../temp-dir.ts';
import { bootMachine, type Machine, type MachineRun } from './machine.ts';

interface TestContext {
  after(fn: () => Promise<void> | void): void;
}

/** A machine that has the built guardian below /usr, not yet installed as a service. */
export interface GuardianMachine extends Machine {
  /** The path of Node in it. */
  readonly node: string;
  guardian(...args: readonly string[]): Promise<MachineRun>;
}

const PRODUCT = '/usr/lib/home-network-guardian';
/** Where Debian and the packages of Node's makers put it. Elsewhere it may be hidden from hardened services. */
const USUAL_NODE = /^\/usr\/(?:local\/)?bin\/node$/;

/** Boots a copy of this machine and puts the built product there. */
export async function guardianMachine(t: TestContext): Promise<GuardianMachine> {
  const product = join(tempDir(t), 'product');
  await build();
  await stageProduct(product);
  const machine = await bootMachine(t);
  machine.copy(product, PRODUCT);
  const node = USUAL_NODE.test(process.execPath) ? process.execPath : '/usr/local/bin/node';
  if (node !== process.execPath) machine.copy(process.execPath, node);
  return { ...machine, node, guardian: (...args) => machine.run(node, `${PRODUCT}/dist/main.js`, ...args) };
}
