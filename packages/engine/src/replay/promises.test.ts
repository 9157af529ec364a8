import { expect, test } from 'vitest'
import { isGiven, markGiven } from './promises'

function given(error: Error = new Error('declined')): Error {
  markGiven(error)
  return error
}

test('an error is known again by itself, as a cause, and among others', () => {
  const wrapped = new Error('outer', { cause: new Error('middle', { cause: given() }) })
  const gathered = new AggregateError([new Error('another'), wrapped])
  expect([given(), wrapped, gathered].map(isGiven)).toEqual([true, true, true])
})

test('nothing else is, however it hangs together', () => {
  const circular = new Error('circular')
  circular.cause = new Error('back', { cause: circular })
  const strange = Object.assign(new Error('strange'), { errors: 'no list', cause: 5 })
  markGiven('a text is nothing that could be known again')
  const others = [new Error('other'), circular, strange, 'a text is nothing that could be known again', null, undefined]
  expect(others.map(isGiven)).toEqual(others.map(() => false))
})
