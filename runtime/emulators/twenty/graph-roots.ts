/** What a document of GraphQL can begin with. */
import type { Action } from '../call.ts';
import type { Shape } from './graph-shapes.ts';
import type { FieldNode } from './graph-text.ts';

export interface Root {
  readonly action: Action;
  readonly collection?: string;
  readonly args: readonly string[];
  readonly required?: readonly string[];
  readonly shape: Shape;
  readonly resolve: (node: FieldNode, busy: readonly number[]) => unknown;
}

/** By name; undefined for what is not there. */
export type Roots = (name: string) => Root | undefined;
