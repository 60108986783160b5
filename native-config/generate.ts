import { renderExample } from '../src/config/render-example.ts';
import { renderJsonSchema } from '../src/config/render-json-schema.ts';

/** The files that are made from the schema, by their path in the project. They are committed and kept fresh by `npm run check`. */
export const GENERATED_FILES: Readonly<Record<string, () => string>> = {
  'native-config/guardian.example.yaml': renderExample,
  'native-config/guardian.schema.json': renderJsonSchema,
};
