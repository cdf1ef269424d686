/** Whether answers are as a document says, with other eyes than those of the app. */
import { z } from 'zod';
import type { Json } from './practice.ts';

/** Throws when the answer is not as the response in the document says. */
export function assertFits(document: Json, response: Json, answer: unknown): void {
  const [content] = Object.values(response.content) as [{ schema: object }];
  const text = JSON.stringify({ ...content.schema, $defs: document.components.schemas }).replaceAll(
    '#/components/schemas/',
    '#/$defs/',
  );
  z.fromJSONSchema(withNulls(JSON.parse(text))).parse(answer);
}

/** The judge knows the words of 3.1 alone. */
function withNulls(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(withNulls);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { nullable, ...rest } = schema;
  const inner = Object.fromEntries(
    Object.entries(rest).map(([name, one]) => [name, withNulls(one)]),
  );
  return nullable === true ? { ...inner, type: [rest.type, 'null'] } : inner;
}
