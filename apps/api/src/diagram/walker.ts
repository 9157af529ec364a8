/** The walk over a workflow's syntax tree: statements to nodes and containers, expressions to the calls in them. */
import type { CallExpression, Expression, Node, Pattern, Program, Statement } from 'acorn'
import { combinatorOf, meaningOf, memberName } from './calls'
import type { DiagramBranch, DiagramNode, NodeKind } from './diagram'
import { type FunctionNode, isFunction, type ParsedSource, shorten } from './parse'

const MOST_DEPTH = 60
/** Array methods that call a function once for each element. */
const EACH = new Set(['map', 'forEach', 'flatMap', 'filter', 'reduce', 'some', 'every', 'find'])

type Collect = (walker: Walker) => void

export class Walker {
  readonly #source: ParsedSource
  readonly #helpers = new Map<string, FunctionNode>()
  readonly #open = new Set<FunctionNode>()
  readonly #limit: number
  #made = 0
  #nodes: DiagramNode[] = []
  #path = 'root'
  #depth = 0

  constructor(source: ParsedSource, limit: number) {
    this.#source = source
    this.#limit = limit
  }

  walkBody(): readonly DiagramNode[] {
    return this.#within('root', (walker) => walker.#functionBody(this.#source.fn))
  }

  // ---------------------------------------------------------------- statements

  #block(statements: Program['body'] | readonly Statement[]): void {
    for (const statement of statements) {
      // functions are there before the first statement runs
      if (statement.type === 'FunctionDeclaration') this.#remember(statement.id, statement as unknown as FunctionNode)
    }
    for (const statement of statements) this.#statement(statement as Statement)
  }

  #statement(node: Statement | null | undefined): void {
    if (!node || ++this.#depth > MOST_DEPTH) {
      if (node) this.#depth--
      return
    }
    this.#statementOf(node)
    this.#depth--
  }

  #statementOf(node: Statement): void {
    switch (node.type) {
      case 'BlockStatement':
        this.#block(node.body)
        return
      case 'VariableDeclaration':
        for (const { id, init } of node.declarations) {
          if (isFunction(init)) this.#remember(id, init)
          else this.#expression(init)
        }
        return
      case 'ExpressionStatement':
        this.#expression(node.expression)
        return
      case 'ReturnStatement':
        this.#expression(node.argument)
        this.#leaf('return', node, node.argument ? `return ${this.#text(node.argument)}` : 'return')
        return
      case 'ThrowStatement':
        this.#expression(node.argument)
        this.#leaf('throw', node, `throw ${this.#text(node.argument)}`)
        return
      case 'IfStatement':
        this.#expression(node.test)
        this.#container('condition', node, this.#text(node.test), [
          ['then', (walker) => walker.#statement(node.consequent)],
          ['else', (walker) => walker.#statement(node.alternate)],
        ])
        return
      case 'SwitchStatement':
        this.#expression(node.discriminant)
        this.#switch(node)
        return
      case 'TryStatement':
        this.#container('try', node, 'try', [
          ['try', (walker) => walker.#block(node.block.body)],
          ...(node.handler
            ? [['catch', (walker) => walker.#block(node.handler?.body.body ?? [])] as [string, Collect]]
            : []),
          ...(node.finalizer
            ? [['finally', (walker) => walker.#block(node.finalizer?.body ?? [])] as [string, Collect]]
            : []),
        ])
        return
      case 'LabeledStatement':
        this.#statement(node.body)
        return
      default:
        this.#loop(node)
        return
    }
  }

  #loop(node: Statement): void {
    switch (node.type) {
      case 'ForStatement':
        if (node.init?.type === 'VariableDeclaration') this.#statement(node.init)
        else this.#expression(node.init)
        this.#repeat(node, node.test ? `while ${this.#text(node.test)}` : 'for ever', node.body, node.test)
        return
      case 'ForOfStatement':
      case 'ForInStatement':
        this.#expression(node.right)
        this.#repeat(node, `for each of ${this.#text(node.right)}`, node.body)
        return
      case 'WhileStatement':
      case 'DoWhileStatement':
        this.#repeat(node, isForEver(node.test) ? 'for ever' : `while ${this.#text(node.test)}`, node.body, node.test)
        return
    }
  }

  #repeat(node: Node, label: string, body: Statement, test?: Expression | null): void {
    this.#container('loop', node, label, [
      [
        'body',
        (walker) => {
          walker.#expression(test)
          walker.#statement(body)
        },
      ],
    ])
  }

  #switch(node: Extract<Statement, { type: 'SwitchStatement' }>): void {
    const branches = node.cases.map(({ test, consequent }): [string, Collect] => [
      test ? `case ${this.#text(test)}` : 'default',
      (walker) => walker.#block(consequent),
    ])
    this.#container('switch', node, this.#text(node.discriminant), branches)
  }

  // ---------------------------------------------------------------- expressions

  #expression(node: Node | null | undefined): void {
    if (!node || isFunction(node) || ++this.#depth > MOST_DEPTH) {
      if (node && !isFunction(node)) this.#depth--
      return
    }
    if (node.type === 'CallExpression') this.#call(node as CallExpression)
    else if (node.type === 'ConditionalExpression')
      this.#conditional(node as Extract<Expression, { type: 'ConditionalExpression' }>)
    else if (node.type === 'LogicalExpression')
      this.#logical(node as Extract<Expression, { type: 'LogicalExpression' }>)
    else for (const child of childrenOf(node)) this.#expression(child)
    this.#depth--
  }

  #conditional({ test, consequent, alternate, ...node }: Extract<Expression, { type: 'ConditionalExpression' }>): void {
    this.#expression(test)
    this.#container('condition', node, this.#text(test), [
      ['then', (walker) => walker.#expression(consequent)],
      ['else', (walker) => walker.#expression(alternate)],
    ])
  }

  #logical({ left, right, operator, ...node }: Extract<Expression, { type: 'LogicalExpression' }>): void {
    this.#expression(left)
    const label = operator === '&&' ? this.#text(left) : `not ${this.#text(left)}`
    this.#container('condition', node, label, [
      ['then', (walker) => walker.#expression(right)],
      ['else', () => {}],
    ])
  }

  #call(node: CallExpression): void {
    const combinator = combinatorOf(node, this.#source)
    if (combinator) {
      this.#combine(node, combinator)
      return
    }
    const helper = node.callee.type === 'Identifier' ? this.#helpers.get(node.callee.name) : undefined
    if (node.callee.type === 'MemberExpression') this.#expression(node.callee.object)
    const functions = node.arguments.filter(isFunction)
    for (const argument of node.arguments) this.#expression(argument)
    if (helper && node.callee.type === 'Identifier') {
      this.#inline(node, node.callee.name, helper)
      return
    }
    if (isFunction(node.callee)) {
      this.#functionBody(node.callee)
      return
    }
    const meaning = meaningOf(node, this.#source)
    if (meaning) {
      this.#push({ ...meaning, label: shorten(meaning.label), node, branches: [] })
      return
    }
    for (const fn of functions) this.#callback(node, fn)
  }

  /** `xs.map(fn)` is a loop; any other function that is handed over is taken to run once, here. */
  #callback(node: CallExpression, fn: FunctionNode): void {
    const method = node.callee.type === 'MemberExpression' ? memberName(node.callee) : null
    if (node.callee.type === 'MemberExpression' && method !== null && EACH.has(method)) {
      const label = `for each of ${this.#text(node.callee.object)}`
      this.#container('loop', node, label, [['body', (walker) => walker.#functionBody(fn)]])
      return
    }
    this.#functionBody(fn)
  }

  #combine(
    node: CallExpression,
    { kind, label }: { readonly kind: 'parallel' | 'race'; readonly label: string },
  ): void {
    const [argument] = node.arguments
    if (argument?.type === 'ArrayExpression') {
      const branches = argument.elements.map((element, index): [string, Collect] => [
        String(index + 1),
        (walker) => walker.#expression(element),
      ])
      this.#container(kind, node, label, branches)
      return
    }
    if (argument?.type === 'ObjectExpression') {
      const branches = argument.properties.map((property): [string, Collect] =>
        property.type === 'Property'
          ? [this.#text(property.key), (walker) => walker.#expression(property.value)]
          : ['…', (walker) => walker.#expression(property.argument)],
      )
      this.#container(kind, node, label, branches)
      return
    }
    this.#container(kind, node, label, [['each', (walker) => walker.#expression(argument)]])
  }

  #inline(node: CallExpression, name: string, fn: FunctionNode): void {
    this.#container('helper', node, name, [['body', (walker) => walker.#functionBody(fn)]], name)
  }

  #functionBody(fn: FunctionNode): void {
    if (this.#open.has(fn)) return
    this.#open.add(fn)
    if (fn.body.type === 'BlockStatement') this.#block(fn.body.body)
    else this.#expression(fn.body)
    this.#open.delete(fn)
  }

  // ---------------------------------------------------------------- nodes

  #remember(id: Pattern | null | undefined, fn: FunctionNode): void {
    if (id?.type === 'Identifier') this.#helpers.set(id.name, fn)
  }

  #leaf(kind: NodeKind, node: Node, label: string): void {
    // a return inside a helper ends the helper, not the workflow
    if (kind === 'return' && this.#open.size > 1) return
    this.#push({ kind, label: shorten(label), name: null, activityPrefix: null, node, branches: [] })
  }

  /** Branches without anything of interest vanish; so does a container that is left without any. */
  #container(
    kind: NodeKind,
    node: Node,
    label: string,
    branches: readonly [string, Collect][],
    name: string | null = null,
  ): void {
    const id = this.#nextId()
    const filled = branches.map(([branch, collect], index): DiagramBranch => {
      return { label: shorten(branch), nodes: this.#within(`${id}/${slug(branch, index)}`, collect) }
    })
    if (filled.every(({ nodes }) => nodes.length === 0)) return
    this.#push({ kind, label: shorten(label), name, activityPrefix: null, node, branches: filled })
  }

  #push({ node, ...given }: Omit<DiagramNode, 'id' | 'line'> & { readonly node: Node }): void {
    if (++this.#made > this.#limit) throw new RangeError(`The workflow has more than ${this.#limit} steps`)
    this.#nodes.push({ id: this.#nextId(), line: this.#source.lineOf(node), ...given })
  }

  #nextId(): string {
    return `${this.#path}/${this.#nodes.length}`
  }

  #within(path: string, collect: Collect): readonly DiagramNode[] {
    const [nodes, outer] = [this.#nodes, this.#path]
    this.#nodes = []
    this.#path = path
    collect(this)
    const collected = this.#nodes
    this.#nodes = nodes
    this.#path = outer
    return collected
  }

  #text(node: Node): string {
    return this.#source.textOf(node)
  }
}

function isForEver(test: Expression): boolean {
  return test.type === 'Literal' && test.value === true
}

function slug(label: string, index: number): string {
  return /^[\w]{1,24}$/.test(label) ? label : String(index)
}

/** Child nodes in the order of the text. */
function childrenOf(node: Node): readonly Node[] {
  const children: Node[] = []
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) children.push(child)
  }
  return children.sort((a, b) => a.start - b.start)
}

function isNode(value: unknown): value is Node {
  return (
    value !== null && typeof value === 'object' && 'type' in value && typeof value.type === 'string' && 'start' in value
  )
}
