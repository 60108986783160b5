import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { DONE, type Finding, NEEDED, type Site, type Step } from './step.ts';

/** Sets the kernel's limits of a sysctl.d file at once, for a system that runs; its file does so at every boot. */
export function sysctlStep(text: string): Step {
  const wanted = settingsIn(text);
  return {
    title: `set ${wanted.map(({ name, value }) => `${name} to ${value}`).join(', ')}`,

    look({ system }): Finding {
      if (!system.isBooted) return { state: 'skipped', why: 'no systemd runs here; they are set at the next boot' };
      if (wanted.every(({ name, value }) => Number(readSetting(name)) >= value)) return DONE;
      const locked = wanted.filter(({ name }) => !isWritable(name)).map(({ name }) => name);
      return locked.length === 0
        ? NEEDED
        : { state: 'skipped', why: `${locked.join(', ')} cannot be written here (a container?)` };
    },

    perform({ manifest }: Site): void {
      for (const { name, value } of wanted) {
        const present = readSetting(name);
        if (Number(present) >= value) continue;
        const before = manifest.find('setting', name)?.before ?? present;
        manifest.note({ kind: 'setting', name, before, after: String(value) });
        writeSetting(name, String(value));
      }
    },
  };
}

/** A kernel setting as it is; empty where there is none of that name. */
export function readSetting(name: string): string {
  try {
    return readFileSync(pathOf(name), 'utf8').trim();
  } catch {
    return '';
  }
}

export function writeSetting(name: string, value: string): void {
  writeFileSync(pathOf(name), `${value}\n`);
}

function settingsIn(text: string): readonly { readonly name: string; readonly value: number }[] {
  return [...text.matchAll(/^([\w.]+)\s*=\s*(\d+)$/gm)].map(([, name = '', value]) => ({ name, value: Number(value) }));
}

function isWritable(name: string): boolean {
  try {
    accessSync(pathOf(name), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function pathOf(name: string): string {
  return `/proc/sys/${name.replaceAll('.', '/')}`;
}
