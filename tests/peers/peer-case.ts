import type { FailureCode } from '#shared/failure.ts';

/**
 * A case of a peer's test suite, said again in our words and put to `POST /api/captures`. Texts may hold `{site}` (the
 * case's own folder on the allowed host), `{api}` (the same folder on the other allowed host), `{closed}` (on a host that
 * nobody allowed), `{host}`, `{apiHost}`, `{port}` and `{canary}` (an address inside the network that nothing may reach).
 */
export type PeerCase = {
  id: string;
  /** File in the peer's repository and the line near which the case stands there. */
  from: readonly [file: string, line: number];
  says: string;
  /** The page at `{site}/`, which is the target unless `request.url` names another. */
  page?: string;
  /** What lies below the case's folder beside the page, on every host of the site. */
  serve?: Readonly<Record<string, Served>>;
  /** The body of the call; `url` defaults to `{site}/` and `output` to a PNG. */
  request?: Readonly<Record<string, unknown>>;
  /** How the call differs from the usual one. */
  call?: { method?: string; path?: string; key?: 'none' | 'wrong' | 'unscripted'; raw?: string };
  /** So many captures one after the other, or at the same time; each must meet the expectation. */
  times?: number;
  together?: number;
  expect: Expectation;
  /** A field of the contract that the case needs; while the contract refuses it as planned, the case is pending. */
  needs?: string;
  /** Why the product does not do what the peer does. The case is run all the same, and must still fail. */
  miss?: string;
};

export type Served = {
  status?: number;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Goes on with the answer after so many milliseconds. */
  delayMs?: number;
  /** Sends nothing, ever, or the headers and a first part of the body and then nothing more. */
  hang?: 'at once' | 'after the body';
  /** Answers 401 to whoever does not send these credentials. */
  basic?: readonly [user: string, password: string];
  /** Answers with the request's cookies, in the page's text. */
  showCookies?: boolean;
};

export type Expectation = {
  /** The answer to the call itself, where it is a refusal. */
  refused?: { status: number; code?: string; path?: string; says?: string };
  /** Otherwise the capture succeeds, or fails with this code. */
  failed?: FailureCode;
  /** A part of the failure's message. */
  says?: string;
  verdict?: string;
  partial?: boolean;
  httpStatus?: number | null;
  contentType?: string;
  width?: number;
  height?: number | { min?: number; max?: number };
  /** Pixels of the picture, or of the first page of a PDF at 96 to the inch: `#rrggbb`, or `clear` where transparent. */
  colors?: readonly (readonly [x: number, y: number, color: string])[];
  bytesBelow?: number;
  pages?: number | { min: number };
  text?: readonly string[];
  notText?: readonly string[];
  /** Text of single pages. */
  onPage?: Readonly<Record<number, string>>;
  /** Size of the first page in points, to one and a half: Chromium rounds to whole pixels. */
  paper?: readonly [width: number, height: number];
  tagged?: boolean;
  outline?: boolean;
  info?: Readonly<Record<string, string>>;
  /** What the site got: a header of a request for a path below the case's folder; null for none. */
  received?: readonly { host?: 'api'; path?: string; header: string; value: string | null }[];
  /** How often a path was asked for, over all captures of the case. */
  asked?: Readonly<Record<string, number>>;
  /** Hosts that egress must have blocked. */
  blocked?: readonly string[];
  /** Nothing has reached the address inside the network. */
  canary?: 'untouched';
  /** Names of cookies or items that the receipt lists as rejected. */
  rejected?: readonly string[];
  /** Header of the answer to the call. */
  answerHeader?: string;
  /** `asset.sha256` of all captures of the case is the same. */
  sameBytes?: boolean;
};

export type PeerFile = {
  file: string;
  /** Tests of the file that were not taken over: by reason, their lines, or their number where none was. */
  leftOut: Readonly<Record<string, readonly number[] | number>>;
};
export type Peer = {
  name: string;
  repo: string;
  commit: string;
  license: string;
  files: readonly PeerFile[];
  cases: readonly PeerCase[];
};
