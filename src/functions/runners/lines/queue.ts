import type { Ticket } from './program.ts'

/** Tickets in their order. Taking one costs the same however many there are; an array's `shift` moves all others. */
export class Queue {
  #items: Ticket[] = []
  #first = 0

  get length(): number {
    return this.#items.length - this.#first
  }

  push(ticket: Ticket): void {
    this.#items.push(ticket)
  }

  shift(): Ticket | undefined {
    if (this.length === 0) return undefined
    const ticket = this.#items[this.#first++]
    if (this.#first > 1000 && this.#first * 2 > this.#items.length) this.#pack()
    return ticket
  }

  /** Puts these before all others. */
  unshift(tickets: readonly Ticket[]): void {
    if (tickets.length > 0) this.#pack(tickets)
  }

  /** Takes all out. */
  clear(): readonly Ticket[] {
    this.#pack()
    return this.#items.splice(0)
  }

  /** Takes out those whose batch nobody waits for. */
  dropOver(): void {
    this.#pack()
    this.#items = this.#items.filter(({ batch }) => !batch.over)
  }

  #pack(before: readonly Ticket[] = []): void {
    this.#items = [...before, ...this.#items.slice(this.#first)]
    this.#first = 0
  }
}
