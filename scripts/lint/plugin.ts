/**
 * What this project asks of its code beyond the rules that come with the linter: the import rule,
 * and that nobody asks for the present time past the World.
 */
import { relative, resolve, sep } from 'node:path';
import { importProblem } from './imports.ts';

const imports: Rule = {
  create(context) {
    const file = relative(ROOT, context.filename).replaceAll(sep, '/');
    const check = (node: { source?: SyntaxNode | null }): void => {
      if (typeof node.source?.value !== 'string') return;
      const message = importProblem(file, node.source.value);
      if (message !== undefined) context.report({ node: node.source, message });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
      TSImportType: check,
    };
  },
};

/** A given time may be taken apart with `new Date(ms)`; the present comes from `world.clock`. */
const noPresentDate: Rule = {
  create(context) {
    const message = 'This reads the clock of the machine. Use new Date(world.clock.now()) instead.';
    const isDate = (node: SyntaxNode): boolean => node.callee?.name === 'Date';
    return {
      NewExpression(node) {
        if (isDate(node) && node.arguments?.length === 0) context.report({ node, message });
      },
      CallExpression(node) {
        if (isDate(node)) context.report({ node, message });
      },
    };
  },
};

export default {
  meta: { name: 'tributary' },
  rules: { imports, 'no-present-date': noPresentDate },
};

const ROOT = resolve(import.meta.dirname, '../..');

/** The slice of the linter's interface that is used here; it follows ESLint's. */
interface Rule {
  create(context: Context): Record<string, (node: SyntaxNode) => void>;
}

interface Context {
  readonly filename: string;
  report(problem: { node: SyntaxNode; message: string }): void;
}

interface SyntaxNode {
  readonly callee?: { readonly name?: string };
  readonly arguments?: readonly unknown[];
  readonly source?: SyntaxNode | null;
  readonly value?: unknown;
}
