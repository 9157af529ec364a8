/** The text of a function, as `Function.prototype.toString` gives it, to its syntax tree. */
import { type ArrowFunctionExpression, type FunctionExpression, type Node, parseExpressionAt } from 'acorn'

export type FunctionNode = ArrowFunctionExpression | FunctionExpression

export interface ParsedSource {
  readonly fn: FunctionNode
  /** Name of the parameter that is the workflow context; null when it is taken apart. */
  readonly contextName: string | null
  /** The text of a node, on one line and short. */
  readonly textOf: (node: Node) => string
  /** Line in the source as stored, from 1. */
  readonly lineOf: (node: Node) => number
}

const TEXT_LIMIT = 80

/** A function may be written as an arrow, a function, or a method: each is an expression in one of these frames. */
const FRAMES: readonly {
  readonly prefix: string
  readonly suffix: string
  readonly find: (node: Node) => Node | undefined
}[] = [
  { prefix: '(', suffix: ')', find: (node) => node },
  { prefix: '({', suffix: '})', find: firstMember },
]

/** @throws SyntaxError when the text is no function in any frame */
export function parseSource(source: string): ParsedSource {
  let problem: unknown
  for (const { prefix, suffix, find } of FRAMES) {
    try {
      const text = `${prefix}${source}${suffix}`
      const expression = parseExpressionAt(text, 0, {
        ecmaVersion: 'latest',
        locations: true,
        allowAwaitOutsideFunction: true,
      })
      const fn = find(expression)
      if (isFunction(fn)) return describe(fn, text)
    } catch (error) {
      problem ??= error
    }
  }
  throw problem instanceof SyntaxError ? problem : new SyntaxError('This is not the source of a function')
}

export function isFunction(node: Node | null | undefined): node is FunctionNode {
  return node?.type === 'ArrowFunctionExpression' || node?.type === 'FunctionExpression'
}

function firstMember(node: Node): Node | undefined {
  const { properties } = node as Node & { properties?: readonly { value?: Node }[] }
  return properties?.[0]?.value
}

function describe(fn: FunctionNode, text: string): ParsedSource {
  const [context] = fn.params
  return {
    fn,
    contextName: context?.type === 'Identifier' ? context.name : null,
    textOf: (node) => shorten(text.slice(node.start, node.end)),
    lineOf: (node) => node.loc?.start.line ?? 1,
  }
}

export function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > TEXT_LIMIT ? `${line.slice(0, TEXT_LIMIT - 1)}…` : line
}
