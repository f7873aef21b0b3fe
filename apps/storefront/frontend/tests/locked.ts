/** Web Locks as one tab sees them: who asks waits for those before. */
export function locked(): void {
  let last: Promise<unknown> = Promise.resolve();
  const request = <T>(_name: string, use: () => Promise<T>): Promise<T> => {
    const turn = last.then(use);
    last = turn.catch(() => undefined);
    return turn;
  };
  Object.defineProperty(navigator, "locks", { value: { request }, configurable: true });
}
