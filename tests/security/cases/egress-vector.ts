/**
 * Ways of a page to reach what is none of its business, each under its name: HTML that is put into the page, or the body
 * of an async function that runs in it. `{HTTPS}`, `{HTTP}`, `{WSS}` and `{WS}` stand for the canary's address under the
 * vector's name, `{AT}` for its host, `{SECOND}` for another address of the same machine, and `{NAME}` for the name. What carries no path aims at `{OWN}`, a port of TCP and UDP that is this vector's alone.
 */
export type Vectors = Readonly<Record<string, string>>;

/** What the hostile site answers at `/made/{NAME}`, for vectors that need a document or a header of their own. */
export type MadeAnswer = { type: string; body: string; headers?: Readonly<Record<string, string>> };
