/** The well-known symbol by which Node's `util.inspect` asks an object for its own form. */
export const inspect: unique symbol = Symbol.for('nodejs.util.inspect.custom');
