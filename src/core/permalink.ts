import { createHash } from 'node:crypto';
import type { Observable } from './observable.ts';
import { urlForDisclosure } from './web-url.ts';

const GUI = 'https://www.virustotal.com/gui';

/**
 * VirusTotal's report page of an observable, for a person's browser. Never the API's `links.self`.
 * Its URL pages are keyed by the SHA-256 of the URL as VirusTotal canonicalises it.
 */
export function virusTotalPage(observable: Observable): string {
  switch (observable.kind) {
    case 'domain':
      return `${GUI}/domain/${observable.value}`;
    case 'ip':
      return `${GUI}/ip-address/${observable.value}`;
    case 'file':
      return `${GUI}/file/${observable.value}`;
    case 'url':
      return `${GUI}/url/${createHash('sha256').update(urlForDisclosure(observable.value)).digest('hex')}`;
  }
}
