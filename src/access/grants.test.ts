import { describe, expect, test } from 'vitest'
import { allows, bounded, grantsOf, grantText, parseGrant, parseMapping, within } from './grants.ts'
import { permissionEntry, permissions, roles, type Role } from './permissions.ts'

/** The table as people agreed on it, read from here and not from the code: a change of one must be one of both. */
const agreed = `
                     viewer operator approver developer administrator security-officer
pipelines.read       yes    yes      yes      yes       yes           no
pipelines.validate   no     yes      no       yes       no            no
pipelines.write      no     no       no       yes       no            no
pipelines.control    no     yes      no       no        no            no
runs.read            yes    yes      no       yes       yes           no
runs.data            no     yes      no       yes       no            no
runs.start           no     yes      no       yes       no            no
runs.control         no     yes      no       no        no            no
targets.read         yes    yes      no       yes       yes           no
targets.control      no     yes      no       no        no            no
events.read          no     yes      no       yes       no            no
events.publish       no     yes      no       yes       no            no
connections.read     yes    yes      no       yes       yes           no
connections.check    no     yes      no       yes       no            no
transfers.read       yes    yes      no       yes       yes           no
transfers.data       no     yes      no       yes       no            no
transfers.control    no     yes      no       no        no            no
approvals.read       no     yes      yes      no        yes           no
approvals.data       no     no       yes      no        no            no
approvals.decide     no     no       yes      no        no            no
approvals.manage     no     no       no       no        yes           no
keys.own             yes    yes      yes      yes       yes           yes
keys.read            no     no       no       no        yes           yes
keys.create          no     no       no       no        yes           no
keys.revoke          no     no       no       no        yes           yes
users.read           no     no       no       no        yes           yes
users.sign-out       no     no       no       no        yes           yes
audit.read           no     no       no       no        no            yes
operation.read       yes    yes      no       yes       yes           no
operation.metrics    no     yes      no       no        yes           no
`
const [head = '', ...lines] = agreed.trim().split('\n')
const columns = head.trim().split(/\s+/) as Role[]
const cells = lines.flatMap((line) => {
  const [permission = '', ...answers] = line.trim().split(/\s+/)
  return columns.map((role, index) => ({ role, permission, agreed: answers[index] === 'yes' }))
})

describe('every cell of the table', () => {
  test('is agreed on', () => {
    expect(columns).toEqual([...roles])
    expect(lines.map((line) => line.trim().split(/\s+/)[0]).sort()).toEqual([...permissions].sort())
  })

  test.each(cells)('$role and $permission: $agreed', ({ role, permission, agreed: yes }) => {
    const known = permissions.find((each) => each === permission)
    if (!known) throw new Error(permission)
    const everywhere = [{ role, namespaces: '*' as const }]
    const here = [{ role, namespaces: ['here'] }]
    const namespaced = permissionEntry(known).scope === 'namespace'
    expect(allows(everywhere, known)).toBe(yes)
    expect(allows(everywhere, known, 'here')).toBe(yes)
    expect(allows(here, known, 'here')).toBe(yes && namespaced)
    expect(allows(here, known, 'there')).toBe(false)
    expect(allows([], known)).toBe(false)
  })
})

describe('a grant', () => {
  test('is read as it is written', () => {
    for (const text of ['approver@grants+building', 'viewer@*', 'operator@*:events.publish']) {
      expect(grantText(parseGrant(text))).toBe(text)
    }
    expect(parseGrant('viewer')).toEqual({ role: 'viewer', namespaces: '*' })
  })

  test.each(['boss', 'viewer@', 'viewer@a b', 'viewer@*:runs.start', 'operator@a:nothing', ''])(
    'is not %s',
    (text) => {
      expect(() => parseGrant(text)).toThrow(RangeError)
    },
  )

  test('for one permission gives no other', () => {
    const grants = [parseGrant('operator@*:events.publish')]
    expect(allows(grants, 'events.publish')).toBe(true)
    expect(allows(grants, 'runs.data', 'a')).toBe(false)
  })

  test('is handed out only within what one has', () => {
    const own = [parseGrant('operator@a+b')]
    expect(within([parseGrant('viewer@a')], own)).toBe(true)
    expect(within([parseGrant('viewer@c')], own)).toBe(false)
    expect(within([parseGrant('viewer')], own)).toBe(false)
    expect(within([parseGrant('approver@a')], own)).toBe(false)
  })

  test('that was handed out shrinks with what its maker still has', () => {
    const own = [parseGrant('operator@a')]
    const left = bounded([parseGrant('operator@a+b'), parseGrant('approver@a')], own)
    expect(allows(left, 'runs.control', 'a')).toBe(true)
    expect(allows(left, 'runs.control', 'b')).toBe(false)
    expect(allows(left, 'approvals.decide', 'a')).toBe(false)
  })
})

describe('groups', () => {
  test('have the roles that the mapping gives them, and no others', () => {
    const mapping = ['approver=case@workers@grants+building', 'viewer=*', 'operator=/drift'].map(parseMapping)
    expect(grantsOf([], mapping).map(grantText)).toEqual(['viewer@*'])
    expect(grantsOf(['case@workers', 'other'], mapping).map(grantText)).toEqual([
      'approver@grants+building',
      'viewer@*',
    ])
    expect(grantsOf(['/drift'], []).map(grantText)).toEqual([])
  })

  test('may have an at sign of their own', () => {
    expect(parseMapping('viewer=all@by.dk')).toMatchObject({ group: 'all@by.dk', grant: { namespaces: '*' } })
  })

  test.each(['viewer', 'boss=x', 'viewer=', '=x'])('are not mapped by %s', (text) => {
    expect(() => parseMapping(text)).toThrow(RangeError)
  })
})
