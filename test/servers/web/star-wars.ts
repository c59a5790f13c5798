import type { Json } from '../../../src/workflow/index.ts'
import type { Host } from '../internet/index.ts'

/** A stand-in for swapi.dev: two people and a planet. The bare search address redirects, as old addresses do. */
export function starWars(): Host {
  const people: { [id: string]: Json } = {
    1: { name: 'Luke Skywalker', homeworld: 'https://swapi.dev/api/planets/1/' },
    2: { name: 'C-3PO', homeworld: 'https://swapi.dev/api/planets/1/' },
  }
  return ({ path, query }) => {
    if (path === '/api/planets/1/') return { body: { name: 'Tatooine' } }
    const search = query.get('search')
    if (path === '/api/people/' && search === 'moved') {
      return { status: 301, headers: { location: '/api/people/?search=Luke' } }
    }
    if (path === '/api/people/') {
      const results = Object.values(people).filter((person) => JSON.stringify(person).includes(search ?? ''))
      return { body: { count: results.length, results } }
    }
    const person = people[path.match(/^\/api\/people\/(\d+)$/)?.[1] ?? '']
    return person === undefined ? undefined : { body: person }
  }
}
