import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { dashboards, type Json, list, textOf } from './dashboard-file.ts';
import { DASHBOARD_RULES, lintDashboard, type Problem } from './dashboard-lint.ts';
import { lintAlerting, lintDataSources } from './provisioning-lint.ts';
import { SQL_RULES } from './sql-lint.ts';

/** A copy that may be spoilt. */
// biome-ignore lint/suspicious/noExplicitAny: a test spoils any part of it
type Spoilt = any;

const FILES = ['network_overview.json', 'sidecar_health.json', 'virus_total.json'];
const ALERTING = 'provisioning/alerting/guardian-rules.yaml';
const SOURCES = 'provisioning/datasources/guardian.yaml';

function good(): Spoilt {
  return structuredClone(dashboards().get('network_overview.json'));
}

function panelOfType(dashboard: Spoilt, type: string): Spoilt {
  return dashboard.panels.find((panel: Spoilt) => panel.type === type);
}

const rulesOf = (problems: readonly Problem[]): readonly string[] => [...new Set(problems.map(({ rule }) => rule))];

test('the three dashboards are there, break no rule, and have uids of their own', () => {
  assert.deepEqual([...dashboards().keys()].toSorted(), FILES);
  for (const [name, dashboard] of dashboards()) assert.deepEqual(lintDashboard(dashboard), [], name);
  const uids = [...dashboards().values()].map(({ uid }) => uid);
  assert.equal(new Set(uids).size, uids.length);
});

test('every rule about a dashboard is seen failing on one that breaks it, and on nothing else that was spoilt', () => {
  const spoilers: Readonly<Record<string, (one: Spoilt) => unknown>> = {
    classic: (one) => (one.spec = {}),
    'schema-version': (one) => (one.schemaVersion = 42),
    'id-null': (one) => (one.id = 44),
    uid: (one) => (one.uid = 'df38ilm8v3oxse'),
    title: (one) => (one.title = ''),
    'no-inputs': (one) => (one.__inputs = []),
    'template-datasource': (one) => (one.templating.list[0].name = 'ds'),
    'panel-datasource': (one) => (one.panels[3].targets[0].datasource = { type: 'mysql', uid: 'ef38gfkoqjvggc' }),
    uneditable: (one) => (one.editable = true),
    'panel-title-description': (one) => delete one.panels[0].description,
    'panel-type': (one) => (one.panels[0].type = 'grafana-piechart-panel'),
    'panel-unit': (one) => delete one.panels[0].fieldConfig.defaults.unit,
    'panel-no-value': (one) => (one.panels[0].fieldConfig.defaults.noValue = ''),
    'panel-thresholds': (one) => one.panels[1].fieldConfig.defaults.thresholds.steps.reverse(),
    'panel-no-targets': (one) => (one.panels[0].targets = []),
    'panel-ids': (one) => (one.panels[1].id = one.panels[0].id),
    'panel-grid': (one) => (one.panels[1].gridPos.x -= 1),
    refresh: (one) => (one.refresh = '5s'),
    'link-hosts': (one) => (one.panels[0].fieldConfig.defaults.links = [{ title: 'x', url: 'https://example.com/' }]),
    'linked-by-tag': (one) => (one.links[0].keepTime = false),
    'variable-reload': (one) => (one.templating.list[1].refresh = 1),
    'variable-all': (one) => delete one.templating.list[1].allValue,
  };
  assert.deepEqual(Object.keys(spoilers).toSorted(), DASHBOARD_RULES.map(({ name }) => name).toSorted());
  for (const [rule, spoil] of Object.entries(spoilers)) {
    const one = good();
    spoil(one);
    assert.deepEqual(rulesOf(lintDashboard(one)), [rule]);
  }
});

test('a link whose address is the cell itself is allowed in the one column whose query lets only https through', () => {
  const one: Spoilt = structuredClone(dashboards().get('virus_total.json'));
  const table = one.panels.find((panel: Spoilt) => panel.id === 12);
  const override = table.fieldConfig.overrides.find((each: Spoilt) => each.matcher.options === 'Permalink');
  override.matcher.options = 'URL';
  assert.deepEqual(rulesOf(lintDashboard(one)), ['link-hosts']);
});

test('every rule about a query is seen failing on one that breaks it', () => {
  const series = (sql: string) => (one: Spoilt) => (panelOfType(one, 'timeseries').targets[0].rawSql = sql);
  const table = (sql: string) => (one: Spoilt) => (panelOfType(one, 'table').targets[0].rawSql = sql);
  const SERIES = 'SELECT $__timeGroupAlias(hour, $__interval) FROM panel_clients GROUP BY 1 ORDER BY 1';
  const spoilers: Readonly<Record<string, readonly ((one: Spoilt) => unknown)[]>> = {
    'macro-known': [table('SELECT $__timeBucket(hour) FROM panel_clients')],
    'macro-bare-column': [
      table('SELECT 1 FROM panel_clients WHERE $__timeFilter(COALESCE(a, b))'),
      table("SELECT $__timeGroup(FROM_UNIXTIME(ts), '1h') FROM panel_clients"),
    ],
    'macro-interval': [
      table('SELECT $__timeGroup(hour) FROM panel_clients'),
      table("SELECT $__timeGroup(hour, '0s') FROM panel_clients"),
      table("SELECT $__timeGroup(hour, '30s') FROM panel_clients"),
    ],
    'macro-fill': [table("SELECT $__timeGroup(hour, '1h', null) FROM panel_clients")],
    'no-comment': [
      table('SELECT 1 -- one'),
      table('SELECT 1 # one'),
      table('SELECT /* one */ 1'),
      table("SELECT '#' AS sign"),
    ],
    'one-select': [table('SELECT 1;'), table("SET time_zone = '+00:00'"), table('DROP TABLE scans')],
    'no-forbidden-function': [
      table('SELECT user()'),
      table('SELECT CURRENT_USER'),
      table('SELECT Session_User()'),
      table('SELECT system_user()'),
      table('SELECT 1 WHERE 0 < (SHOW GRANTS)'),
    ],
    portable: [
      table("SELECT engines->>'$[0]' FROM panel_scans"),
      table("SELECT j FROM panel_scans, JSON_TABLE(engines, '$[*]' COLUMNS (j INT PATH '$'))"),
      table('SELECT value COLLATE utf8mb4_0900_ai_ci FROM panel_scans'),
    ],
    'views-only': [table('SELECT 1 FROM scans'), table('SELECT 1 FROM panel_scans JOIN verdicts')],
    'group-by-number': [
      series('SELECT $__timeGroupAlias(hour, $__interval) FROM panel_clients GROUP BY "time" ORDER BY 1'),
      series('SELECT $__timeGroupAlias(hour, $__interval) FROM panel_clients GROUP BY time ORDER BY 1'),
    ],
    'series-time-first': [series('SELECT hour FROM panel_clients ORDER BY 1')],
    'series-sorted': [series('SELECT $__timeGroupAlias(hour, $__interval) FROM panel_clients GROUP BY 1')],
    'bucket-not-finer-than-rows': [
      (one) => {
        const panel = panelOfType(one, 'timeseries');
        panel.targets = [{ ...panel.targets[0], rawSql: SERIES }];
        delete panel.interval;
      },
      (one) => (panelOfType(one, 'timeseries').interval = '30s'),
    ],
    'annotation-columns': [(one) => (one.annotations.list[1].target.rawSql = 'SELECT at FROM panel_changes')],
    'clock-bounded': [
      table('SELECT 1 FROM panel_changes WHERE at > UTC_TIMESTAMP() - INTERVAL 1 HOUR'),
      table('SELECT TIMESTAMPDIFF(SECOND, MAX(at), UTC_TIMESTAMP()) FROM panel_changes'),
    ],
    'variable-known': [table('SELECT $nobody'), table('SELECT ${nobody:sqlstring}'), table('SELECT $__unixEpochFrom')],
    'variable-unquoted': [table("SELECT 1 WHERE '${search:sqlstring}' = ''"), table('SELECT 1 WHERE "$search" = 1')],
    'variable-many': [
      table('SELECT 1 FROM panel_clients WHERE client = ${client:sqlstring}'),
      table('SELECT 1 FROM panel_clients WHERE client IN ($client)'),
    ],
  };
  const ofAlerts = ['alert-plain', 'alert-table'];
  assert.deepEqual([...Object.keys(spoilers), ...ofAlerts].toSorted(), SQL_RULES.map(({ name }) => name).toSorted());
  for (const [rule, spoils] of Object.entries(spoilers))
    for (const spoil of spoils) {
      const one = good();
      spoil(one);
      const problems = lintDashboard(one);
      assert.ok(rulesOf(problems).includes(rule), `${rule} is not among ${JSON.stringify(problems)}`);
    }
});

function panelNames(): ReadonlySet<string> {
  return new Set(
    [...dashboards().values()].flatMap((one) => list(one.panels).map(({ id }) => `${String(one.uid)}/${String(id)}`)),
  );
}

function alerting(): Spoilt {
  return structuredClone(parse(textOf(ALERTING)) as Json);
}

test('the alert rules are the thirteen we promise, in groups and without policies, and lead to panels that are there', () => {
  assert.deepEqual(lintAlerting(alerting(), panelNames(), textOf(ALERTING)), []);
  const uids = list(alerting().groups[0].rules).map(({ uid }) => uid);
  assert.deepEqual(uids, [
    'hng-malicious-indicator',
    'hng-device-contact',
    'hng-ratio-jump',
    'hng-severe-burst',
    'hng-blocking-off',
    'hng-blocked-share',
    'hng-dns-volume',
    'hng-scans-stale',
    'hng-heartbeat',
    'hng-quota',
    'hng-queue',
    'hng-drops',
    'hng-database',
  ]);
});

test('every rule about alerting is seen failing on a file that breaks it', () => {
  const rule = (one: Spoilt) => one.groups[0].rules[0];
  const spoilers: Readonly<Record<string, (one: Spoilt) => unknown>> = {
    'groups-only': (one) => (one.policies = []),
    'group-complete': (one) => delete one.groups[0].folder,
    'rule-uid': (one) => (rule(one).uid = one.groups[0].rules[1].uid),
    'rule-title': (one) => delete rule(one).title,
    'rule-condition': (one) => (rule(one).condition = 'Z'),
    'no-receiver': (one) => (rule(one).notification_settings = { receiver: 'x' }),
    'rule-panel': (one) => (rule(one).panelId = 999),
    'rule-states': (one) => (rule(one).noDataState = 'Fine'),
    'rule-labels': (one) => delete rule(one).labels.service,
    'rule-datasource': (one) => (rule(one).data[0].datasourceUid = 'other'),
    'alert-plain': (one) => (rule(one).data[0].model.rawSql = 'SELECT $__interval'),
    'alert-table': (one) => (rule(one).data[0].model.format = 'time_series'),
  };
  for (const [name, spoil] of Object.entries(spoilers)) {
    const one = alerting();
    spoil(one);
    assert.ok(rulesOf(lintAlerting(one, panelNames(), '')).includes(name), name);
  }
  assert.deepEqual(rulesOf(lintAlerting(alerting(), panelNames(), 'summary: {{ $labels.sensor }}')), ['no-dollar']);
});

test('the data source asks in UTC, in buckets of a minute, and with TLS that is TLS', () => {
  const sources = (): Spoilt => structuredClone(parse(textOf(SOURCES)) as Json);
  assert.deepEqual(lintDataSources(sources()), []);
  const uncommented = textOf(SOURCES)
    .replace('# tlsAuthWithCACert', 'tlsAuthWithCACert')
    .replace('# tlsCACert', 'tlsCACert');
  assert.match(uncommented, /tlsCACert: \$__file/);
  assert.deepEqual(lintDataSources(parse(uncommented) as Json), [], 'with the two lines for TLS taken in');
  const spoilers: Readonly<Record<string, (source: Spoilt) => unknown>> = {
    'source-uid': (source) => (source.uid = 'mine'),
    'source-timezone': (source) => (source.jsonData.timezone = 'Europe/Warsaw'),
    'source-interval': (source) => (source.jsonData.timeInterval = '500ms'),
    'source-tls': (source) => (source.jsonData.tlsSkipVerify = true),
    'source-password': (source) => (source.secureJsonData.password = 'secret'),
    'source-default': (source) => (source.isDefault = true),
  };
  for (const [name, spoil] of Object.entries(spoilers)) {
    const one = sources();
    spoil(one.datasources[0]);
    assert.deepEqual(rulesOf(lintDataSources(one)), [name]);
  }
  const half = sources();
  half.datasources[0].jsonData.tlsAuthWithCACert = true;
  assert.deepEqual(rulesOf(lintDataSources(half)), ['source-tls']);
});

test('dashboards are provisioned from a folder of their own, and cannot be edited where an update would undo it', () => {
  const { providers } = parse(textOf('provisioning/dashboards/guardian.yaml')) as { providers: Spoilt[] };
  assert.equal(providers.length, 1);
  assert.equal(providers[0].allowUiUpdates, false);
  assert.doesNotMatch(providers[0].options.path, /provisioning/);
});

test('the contact point is an example that is not provisioned as it is', () => {
  const example = parse(textOf('provisioning/alerting/contact-point.yaml.example')) as Json;
  assert.deepEqual(Object.keys(example), ['apiVersion', 'contactPoints']);
});
