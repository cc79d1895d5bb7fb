/** `true` when two types are the same, field by field, `readonly` and `?` included. */
export type Equal<A, B> =
  (<T>() => T extends Flat<A> ? 1 : 2) extends <T>() => T extends Flat<B> ? 1 : 2 ? true : false;

/** Writes intersections out, so that the way in which a type was put together does not count. */
type Flat<T> = T extends readonly unknown[]
  ? { [Key in keyof T]: Flat<T[Key]> }
  : T extends string | number | boolean | null | undefined
    ? T
    : { [Key in keyof T]: Flat<T[Key]> };

/** Compiles only for `true`: `checked<Equal<A, B>>()`. */
export type Same<Check extends true> = Check;
