/**
 * The schema of the configuration for editors, made from the one that checks it: they complete names,
 * show what each means, and mark mistakes while somebody types.
 */
import { z } from 'zod';
import type { Connector } from '../../connectors/connector.ts';
import { configSchema } from './schema.ts';

export function jsonSchemaOf(connectors: readonly Connector[]): object {
  const whole = inJson(configSchema);
  const accounts = whole.properties!['accounts'] as JsonSchema;
  const account = accounts.additionalProperties as JsonSchema;
  account.properties!['vendor'] = {
    ...(account.properties!['vendor'] as object),
    enum: connectors.map(({ vendor }) => vendor),
  };
  account.allOf = connectors.map(({ vendor, config, secretPlaces = {} }) => {
    const { properties = {}, required: all = [] } = inJson(config);
    // What is looked for elsewhere may be left out here.
    const required = all.filter((member) => secretPlaces[member] === undefined);
    const isThatOne = { properties: { vendor: { const: vendor } } };
    // oxlint-disable-next-line unicorn/no-thenable -- a word of JSON Schema
    return { if: isThatOne, then: { properties, required } };
  });
  return { title: 'Tributary: what is kept the same, and where', ...whole };
}

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** What a person writes; what cannot be said in JSON Schema is checked when the file is read. */
function inJson(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override({ jsonSchema }) {
      // A variable is no address either, as far as an editor can see.
      delete jsonSchema.format;
      const { type, minimum, maximum } = jsonSchema;
      if (type !== 'number' && type !== 'integer' && type !== 'boolean') return;
      const itself = { type, ...(minimum === undefined ? {} : { minimum, maximum }) };
      for (const name of ['type', 'minimum', 'maximum']) delete jsonSchema[name];
      jsonSchema.anyOf = [itself, FROM_ENVIRONMENT];
    },
  });
}

/** A variable may stand where a number is meant. */
const FROM_ENVIRONMENT = { type: 'string', pattern: String.raw`^\$\{\w+(:-.*)?\}$` } as const;
