/** Does one thing after the other, in the order in which they were given; at once where nothing is before it. */
export class Line {
  #last: Promise<void> | undefined

  /** Rejects as `work` does; what comes after is done all the same. */
  add<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last ? this.#last.then(work) : work()
    const over = () => {
      if (this.#last === last) this.#last = undefined
    }
    const last: Promise<void> = done.then(over, over)
    this.#last = last
    return done
  }
}
