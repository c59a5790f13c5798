/** Turns a syntax tree into closures: one function per kind of node, in the files beside this one. */
import type { Node } from '../ast.ts'
import { refused, syntaxError } from '../errors.ts'
import { compileAssign } from './assign.ts'
import { compileArray, compileIndex, compileIterate, compileObject, compileSlice } from './data.ts'
import { compileBind, compileVariable } from './bindings.ts'
import { compileCall, compileFunction } from './calls.ts'
import { compileBreak, compileIf, compileLabel, compileTry } from './control.ts'
import { compileForeach, compileReduce } from './folds.ts'
import type { Filter } from './filter.ts'
import { compileAlternative, compileBinary, compileLogic, compileNegate } from './operators.ts'
import {
  compileComma,
  compileFormat,
  compileIdentity,
  compileLiteral,
  compilePipe,
  compileString,
} from './plain.ts'
import type { Scope } from './scope.ts'

/** Work that compiling may take, in nodes: functions within functions can multiply it. */
const mostNodes = 200_000
/** From here on a recursive function is no longer compiled twice to find its best form. */
const manyNodes = 50_000

export class Compiler {
  readonly text: string
  /** The names of the program's variables, in their order in `state.variables`. */
  readonly variables: readonly string[]
  readonly hasClock: boolean
  private nodes = 0

  constructor(text: string, variables: readonly string[], hasClock: boolean) {
    this.text = text
    this.variables = variables
    this.hasClock = hasClock
  }

  get isBusy(): boolean {
    return this.nodes > manyNodes
  }

  /** `tail`: nothing is left to do with the value in the function around it, so a call may take its place. */
  compile(node: Node, scope: Scope, tail = false): Filter {
    if (++this.nodes > mostNodes) {
      throw syntaxError(this.text, node.at, 'The filter is too large: its functions multiply one another.')
    }
    switch (node.type) {
      case 'identity':
        return compileIdentity()
      case 'literal':
        return compileLiteral(node)
      case 'string':
        return compileString(this, node, scope)
      case 'format':
        return compileFormat(node)
      case 'index':
        return compileIndex(this, node, scope)
      case 'slice':
        return compileSlice(this, node, scope)
      case 'iterate':
        return compileIterate(this, node, scope)
      case 'array':
        return compileArray(this, node, scope)
      case 'object':
        return compileObject(this, node, scope)
      case 'negate':
        return compileNegate(this, node, scope)
      case 'pipe':
        return compilePipe(this, node, scope, tail)
      case 'comma':
        return compileComma(this, node, scope, tail)
      case 'binary':
        return compileBinary(this, node, scope)
      case 'logic':
        return compileLogic(this, node, scope)
      case 'alternative':
        return compileAlternative(this, node, scope)
      case 'assign':
        return compileAssign(this, node, scope)
      case 'if':
        return compileIf(this, node, scope, tail)
      case 'try':
        return compileTry(this, node, scope)
      case 'reduce':
        return compileReduce(this, node, scope)
      case 'foreach':
        return compileForeach(this, node, scope)
      case 'function':
        return compileFunction(this, node, scope, tail)
      case 'call':
        return compileCall(this, node, scope, tail)
      case 'variable':
        return compileVariable(this, node, scope)
      case 'bind':
        return compileBind(this, node, scope, tail)
      case 'label':
        return compileLabel(this, node, scope)
      case 'break':
        return compileBreak(this, node, scope)
    }
  }

  undefined(at: number, what: string): Error {
    return syntaxError(this.text, at, `${what} is not defined.`)
  }

  refused(at: number, message: string): Error {
    return refused(this.text, at, message)
  }
}
