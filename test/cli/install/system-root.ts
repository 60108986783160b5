import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tempDir } from '../../support/temp-dir.ts';
import { treeOf } from '../../support/tree.ts';

interface TestContext {
  after(fn: () => void): void;
}

/** The root of a system in a folder, as far as an installation looks at it. */
export interface SystemRoot {
  readonly root: string;
  at(path: string): string;
  read(path: string): string;
  write(path: string, text: string): void;
  /** Every file and folder with mode, owner and content. */
  snapshot(): ReadonlyMap<string, string>;
}

/** A small system with root and one more account; with the Debian configuration of Suricata unless told otherwise. */
export function systemRoot(t: TestContext, { withSuricata = true } = {}): SystemRoot {
  const root = tempDir(t);
  const at = (path: string): string => join(root, path);
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
  };
  write('/etc/passwd', 'root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/bash\n');
  write('/etc/group', 'root:x:0:\nann:x:1000:\n');
  write('/etc/shadow', 'root:*:20000:0:99999:7:::\nann:*:20000:0:99999:7:::\n');
  write('/etc/gshadow', 'root:*::\nann:!::\n');
  mkdirSync(at('/var/lib'), { recursive: true });
  if (withSuricata) {
    cpSync('/etc/suricata', at('/etc/suricata'), { recursive: true });
    write('/usr/lib/systemd/system/suricata.service', '[Service]\nExecStart=/usr/bin/suricata\n');
  }
  return { root, at, write, read: (path) => readFileSync(at(path), 'utf8'), snapshot: () => treeOf(root) };
}
