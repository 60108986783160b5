import { type Json, list, object } from './dashboard-file.ts';
import type { Problem } from './dashboard-lint.ts';
import { SQL_RULES } from './sql-lint.ts';

const STATES = new Set(['OK', 'NoData', 'Alerting', 'Error', 'KeepLast']);

/** Problems of a file that provisions alert rules. `panels`: `uid/id` of every panel there is. */
export function lintAlerting(file: Json, panels: ReadonlySet<string>, text: string): readonly Problem[] {
  const problems: Problem[] = [];
  const add = (rule: string, what: string) => problems.push({ rule, what });
  const foreign = Object.keys(file).filter((key) => key !== 'apiVersion' && key !== 'groups');
  for (const key of foreign) add('groups-only', `the file holds ${key}, which would replace what its owner has`);
  const rules = list(file.groups).flatMap((group) => list(group.rules));
  for (const group of list(file.groups))
    if (!group.name || !group.folder || !group.interval)
      add('group-complete', 'a group lacks name, folder or interval');
  const uids = rules.map(({ uid }) => String(uid));
  if (new Set(uids).size !== uids.length) add('rule-uid', `uids are ${uids.join()}`);
  for (const rule of rules) for (const problem of lintRule(rule, panels)) problems.push(problem);
  if (text.includes('$')) add('no-dollar', 'Grafana takes a $ for a variable of its environment');
  return problems;
}

function lintRule(rule: Json, panels: ReadonlySet<string>): readonly Problem[] {
  const uid = String(rule.uid);
  const problems: Problem[] = [];
  const check = (isRight: boolean, name: string, what: string) => {
    if (!isRight) problems.push({ rule: name, what: `${uid} ${what}` });
  };
  const data = list(rule.data);
  check(/^[\w-]{1,40}$/.test(uid), 'rule-uid', 'has no proper uid');
  check(typeof rule.title === 'string' && rule.title !== '', 'rule-title', 'has no title');
  check(
    data.some(({ refId }) => refId === rule.condition),
    'rule-condition',
    'has a condition that is none of its queries',
  );
  check(!('notification_settings' in rule), 'no-receiver', 'names a receiver that its owner may not have');
  check(
    panels.has(`${String(rule.dashboardUid)}/${String(rule.panelId)}`),
    'rule-panel',
    'leads to a panel that is not there',
  );
  check(
    STATES.has(String(rule.noDataState)) && STATES.has(String(rule.execErrState)),
    'rule-states',
    'has states Grafana does not know',
  );
  check(
    Boolean(object(rule.annotations).summary) && object(rule.labels).service === 'guardian',
    'rule-labels',
    'has no summary or not the label service',
  );
  for (const { datasourceUid, model } of data) {
    const { rawSql, format } = object(model);
    check(
      datasourceUid === 'hng-mysql' || datasourceUid === '__expr__',
      'rule-datasource',
      `asks ${String(datasourceUid)}`,
    );
    if (typeof rawSql !== 'string') continue;
    const context = {
      kind: 'alert',
      format: String(format),
      interval: '1m',
      variables: new Set<string>(),
      multi: new Set<string>(),
    } as const;
    for (const { name, check: broken } of SQL_RULES)
      for (const what of broken(rawSql, context)) problems.push({ rule: name, what: `${uid}: ${what}` });
  }
  return problems;
}

/** Problems of a file that provisions data sources. */
export function lintDataSources(file: Json): readonly Problem[] {
  return list(file.datasources).flatMap((source) => {
    const problems: Problem[] = [];
    const check = (isRight: boolean, rule: string, what: string) => {
      if (!isRight) problems.push({ rule, what });
    };
    const { timezone, timeInterval, tlsAuth, tlsSkipVerify, tlsAuthWithCACert } = object(source.jsonData);
    const { password, tlsCACert } = object(source.secureJsonData);
    check(
      source.type === 'mysql' && source.uid === 'hng-mysql',
      'source-uid',
      'is not the MySQL source that alert rules name',
    );
    check(timezone === '+00:00', 'source-timezone', `timezone is ${String(timezone)}: hours would be shifted`);
    check(
      /^[1-9]\d*[mh]$/.test(String(timeInterval)),
      'source-interval',
      `timeInterval is ${String(timeInterval)}: buckets could be shorter than a second`,
    );
    check(
      tlsSkipVerify === undefined && tlsAuth === undefined,
      'source-tls',
      'uses a form of TLS that may silently be none',
    );
    check(
      (tlsAuthWithCACert === true) === (tlsCACert !== undefined),
      'source-tls',
      'asks for TLS without a certificate, or the other way round',
    );
    check(/^\$(?:\{\w+\}|__file\{.+\})$/.test(String(password)), 'source-password', 'holds a password');
    check(
      source.isDefault === undefined && source.editable === false,
      'source-default',
      'takes the place of what its owner has',
    );
    return problems;
  });
}
