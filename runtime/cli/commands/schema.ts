/** `tributary schema`: the JSON Schema of the configuration, for editors. */
import { connectors } from '../../connectors/index.ts';
import { EXIT, type Command } from '../command.ts';
import { jsonSchemaOf } from '../config/json-schema.ts';

export const schema: Command = {
  name: 'schema',
  summary: 'print the JSON Schema of the configuration, for editors',
  async run() {
    process.stdout.write(schemaText());
    return EXIT.good;
  },
};

export function schemaText(): string {
  return `${JSON.stringify(jsonSchemaOf(connectors), null, 2)}\n`;
}
