// Prints a TypeScript program that compiles only if the dashboard has Grafana's published types:
//     node grafana_types.mjs DASHBOARD
// Enums of the types are widened to their values, since JSON has strings. Options of panels are
// checked against each panel's own type.
import { readFileSync } from 'node:fs';

const dashboard = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const folder = '@grafana/schema/dist/esm/raw/composable';
const kinds = { stat: 'Stat', timeseries: 'TimeSeries', table: 'Table', heatmap: 'Heatmap',
  'state-timeline': 'StateTimeline' };
const lines = [`import type { Dashboard } from '@grafana/schema';`];
for (const [kind, name] of Object.entries(kinds)) {
  lines.push(`import type { Options as ${name} } from ` +
    `'${folder}/${kind.replace('-', '')}/panelcfg/x/${name}PanelCfg_types.gen';`);
}
lines.push(`type Loose<T> = T extends string ? T | \`\${T}\` : T extends number | boolean | null | undefined
  ? T : T extends { refId: string } ? { [K in keyof T]: Loose<T[K]> } & Record<string, unknown>
  : T extends (infer U)[] ? Loose<U>[] : T extends object ? { [K in keyof T]: Loose<T[K]> } : T;`);
lines.push(`export const dashboard = ${JSON.stringify(dashboard)} satisfies Loose<Dashboard>;`);
const walk = (panels) => panels.flatMap((panel) => [panel, ...walk(panel.panels ?? [])]);
for (const panel of walk(dashboard.panels ?? [])) {
  if (kinds[panel.type]) {
    lines.push(`export const panel${panel.id} = ${JSON.stringify(panel.options)} ` +
      `satisfies Loose<Partial<${kinds[panel.type]}>>;`);
  }
}
console.log(lines.join('\n'));
