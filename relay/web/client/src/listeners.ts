/** Calls a listener. One that fails does not keep others from hearing; its error goes where the runtime's uncaught ones do. */
export function tell<T>(listener: (said: T) => void, said: T): void {
  try {
    listener(said);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
