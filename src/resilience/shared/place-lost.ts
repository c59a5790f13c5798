/** This process cannot be certain any more that its place among the calls to a target is its own. */
export class PlaceLost extends Error {
  readonly code = 'SLUSE-PLACE-LOST'

  constructor(target: string) {
    super(`the place among the calls to ${target} is not certain any more`)
    this.name = 'PlaceLost'
  }
}
