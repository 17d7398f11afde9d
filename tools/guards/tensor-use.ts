import ts from 'typescript';
import type { Violation } from './sources.ts';

/** Members of a tfjs tensor that exist without the chained-methods side effect and do not block. */
const allowedMembers = new Set([
  'assign',
  'array',
  'buffer',
  'bytes',
  'clone',
  'data',
  'dataToGPU',
  'dispose',
  'print',
  'toString',
]);
const blocking = new Set(['dataSync', 'arraySync', 'bufferSync']);

/** A tfjs function that must not be used, and why. */
export interface BannedOp {
  readonly name: string;
  readonly reason: string;
  readonly instead: string;
}

/**
 * Type-checked guard over differentiable code: banned tfjs functions, chained tensor methods (`x.add(y)`), synchronous
 * read-backs and `import * as tf`. A line that ends with `// allow-op NAME: reason` may use NAME.
 */
export function checkTensorUse(
  program: ts.Program,
  select: (path: string) => boolean,
  banned: readonly BannedOp[],
): Violation[] {
  const checker = program.getTypeChecker();
  const bannedByName = new Map(banned.map((op) => [op.name, op]));
  const found: Violation[] = [];
  for (const file of program.getSourceFiles()) {
    if (file.isDeclarationFile || !select(file.fileName)) continue;
    const lines = file.text.split('\n');
    const report = (node: ts.Node, message: string): void => {
      found.push({ path: file.fileName, line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1, message });
    };
    const allowed = (node: ts.Node, name: string): boolean => {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      const note = `allow-op ${name}:`;
      return (lines[line]?.includes(note) || lines[line - 1]?.includes(note)) ?? false;
    };
    const visit = (node: ts.Node): void => {
      if (ts.isImportDeclaration(node) && /^['"]@tensorflow\/tfjs-core['"]$/.test(node.moduleSpecifier.getText())) {
        const bindings = node.importClause?.namedBindings;
        if (bindings && ts.isNamespaceImport(bindings)) {
          report(node, 'namespace import of tfjs-core defeats tree shaking: import functions by name.');
        }
      }
      if (ts.isIdentifier(node) && bannedByName.has(node.text) && comesFromTfjs(checker, node)) {
        const op = bannedByName.get(node.text)!;
        const isImport = ts.isImportSpecifier(node.parent);
        if (!isImport && !allowed(node, op.name)) report(node, `${op.name}: ${op.reason}. Use ${op.instead}.`);
      }
      if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
        const member = node.expression.name.text;
        if (isTensor(checker.getTypeAtLocation(node.expression.expression))) {
          if (blocking.has(member)) {
            if (!allowed(node, member)) report(node, `${member}() blocks and fails on WebGPU: await data() instead.`);
          } else if (!allowedMembers.has(member)) {
            report(node, `chained method .${member}() needs a side effect of tfjs: call the function ${member}(x, …).`);
          }
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return found;
}

function isTensor(type: ts.Type): boolean {
  const types = type.isUnionOrIntersection() ? type.types : [type];
  return types.some((part) => {
    const name = part.symbol?.name;
    return name === 'Tensor' || name === 'Variable';
  });
}

function comesFromTfjs(checker: ts.TypeChecker, node: ts.Identifier): boolean {
  let symbol = checker.getSymbolAtLocation(node);
  if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
  return symbol?.declarations?.some((d) => d.getSourceFile().fileName.includes('@tensorflow/tfjs-core')) ?? false;
}
