import { renderExample } from '../src/config/render-example.ts';
import { renderJsonSchema } from '../src/config/render-json-schema.ts';
import { ALERT_RULES } from './grafana/alert-rules.ts';
import { renderDashboard } from './grafana/dashboard.ts';
import { NETWORK_OVERVIEW } from './grafana/network-overview.ts';
import { SIDECAR_HEALTH } from './grafana/sidecar-health.ts';
import { VIRUS_TOTAL } from './grafana/virus-total.ts';
import { renderAlertRules } from './grafana/watch.ts';
import { renderPresetsPage } from './presets-page.ts';
import { renderScanner } from './scanner/build-scanner.ts';

/** The files that are made from sources, by their path in the project. They are committed and kept fresh by `npm run check`. */
export const GENERATED_FILES: Readonly<Record<string, () => string | Promise<string>>> = {
  'native-config/guardian.example.yaml': renderExample,
  'native-config/guardian.schema.json': renderJsonSchema,
  'src/eve/scanner-wasm.ts': renderScanner,
  'native-config/feeds.md': renderPresetsPage,
  'grafana/virus_total.json': () => renderDashboard(VIRUS_TOTAL),
  'grafana/network_overview.json': () => renderDashboard(NETWORK_OVERVIEW),
  'grafana/sidecar_health.json': () => renderDashboard(SIDECAR_HEALTH),
  'grafana/provisioning/alerting/guardian-rules.yaml': () => renderAlertRules(ALERT_RULES),
};
