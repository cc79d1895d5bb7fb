/** A listener's failure is the listener's: the others are told all the same. */
export function safely(listener: () => void): void {
  try {
    listener();
  } catch {
    // A doorbell may be lost; whoever missed it finds out by the sequence.
  }
}
