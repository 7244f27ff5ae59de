/// <reference lib="dom" />
declare global {
  interface Window {
    TrustedScriptURL?: { prototype: { toString(): string }; new (): object };
  }
}

/**
 * Closes the ways out of a page that the browser does not let us hold: messages of WebSockets are dropped, and what
 * cannot be watched at all is taken away (shared workers, WebTransport, WebSocketStream, deferred fetches), as in browsers that never had
 * it. Requests are not its matter: those are held by the browser. Runs in the page: uses nothing from outside itself.
 */
export function installReadOnly(options: { tell: string; allow: string[] }): void {
  const scope: Record<string, unknown> = Object.fromEntries([[options.tell, Reflect.get(window, options.tell)]]);
  const tell = scope[options.tell];
  Reflect.deleteProperty(window, options.tell);
  for (const name of ['SharedWorker', 'WebTransport', 'WebSocketStream', 'fetchLater']) Reflect.deleteProperty(window, name);

  // Taken before the page can put its own in their place: through those it would be handed what it must not have.
  const { apply, construct, get: read } = Reflect;
  const { Blob, URL } = window;
  const { exec } = RegExp.prototype;
  const allow = options.allow.map((source) => new RegExp(source));
  const isAllowed = (href: string) => {
    const url = new URL(href);
    const forms = [
      href,
      `${url.origin}${url.pathname}`,
      `${url.protocol}//${url.host}${url.pathname}`,
      url.pathname,
      url.pathname + url.search,
    ];
    for (let at = 0; at < allow.length; at++)
      for (let form = 0; form < forms.length; form++) if (apply(exec, allow[at], [forms[form]]) !== null) return true;
    return false;
  };
  const send = WebSocket.prototype.send;
  // What the socket itself says: a page may put properties of the same names in front of these.
  const getterOf = (name: string) => Object.getOwnPropertyDescriptor(WebSocket.prototype, name)?.get ?? (() => undefined);
  const [readState, readUrl] = [getterOf('readyState'), getterOf('url')];
  const { CONNECTING } = WebSocket;
  const stringify = JSON.stringify;
  WebSocket.prototype.send = function (this: WebSocket, data: string | ArrayBufferLike | Blob | ArrayBufferView) {
    // Before the socket is open the browser refuses by itself, and the page waits for that.
    const url: string = apply(readUrl, this, []);
    if (apply(readState, this, []) === CONNECTING || isAllowed(url)) return apply(send, this, [data]);
    if (typeof tell === 'function') tell(stringify({ url }));
  };

  // A worker has a WebSocket of its own, where no script of ours runs first. Scripts that come over the network get a
  // policy with their answer; those that a page makes up are given a line that takes the ways out away.
  const PRELUDE =
    'for (const name of ["WebSocket", "WebSocketStream", "WebTransport", "SharedWorker", "Worker"]) Reflect.deleteProperty(self, name);\n';
  const blobs = new Map<string, Blob>();
  const create = URL.createObjectURL.bind(URL);
  // The imports of a module run before its first line, and in the order in which they stand: there the line is the first.
  let asModule = '';
  const preludeOf = (isModule: boolean): string => {
    if (!isModule) return PRELUDE;
    if (asModule === '') asModule = create(new Blob([PRELUDE], { type: 'text/javascript' }));
    return `import "${asModule}";\n`;
  };
  const revoke = URL.revokeObjectURL.bind(URL);
  URL.createObjectURL = (made: Blob | MediaSource) => {
    const url = create(made);
    if (made instanceof Blob) blobs.set(url, made);
    return url;
  };
  URL.revokeObjectURL = (url: string) => {
    blobs.delete(url);
    revoke(url);
  };
  // Parsed once, as the browser would, and only what was parsed is used: a page may write ` blob:`, or give an object that
  // reads differently each time.
  const { TrustedScriptURL } = window;
  const toText = TrustedScriptURL?.prototype.toString;
  const closed = (given: unknown, isModule: boolean): unknown => {
    const trusted = TrustedScriptURL !== undefined && given instanceof TrustedScriptURL;
    const url = new URL(trusted && toText ? apply(toText, given, []) : String(given), document.baseURI);
    url.hash = '';
    if (url.protocol === 'blob:') {
      const blob = blobs.get(url.href);
      return create(new Blob([preludeOf(isModule), ...(blob ? [blob] : [])], { type: 'text/javascript' }));
    }
    // A trusted address cannot change, and a page may accept no other kind.
    if (url.protocol !== 'data:') return trusted ? given : url.href;
    const data = /^data:([^,]*),(.*)$/is.exec(url.href);
    const body = decodeURIComponent(data?.[2] ?? '');
    const source = /;base64$/i.test((data?.[1] ?? '').trim()) ? atob(body) : body;
    return create(new Blob([preludeOf(isModule), source], { type: 'text/javascript' }));
  };
  /** Each option read once, for the same reason. What is no object is left to the browser, which refuses it or reads nothing. */
  const readOptions = (given: unknown): { options: unknown; isModule: boolean } => {
    if ((typeof given !== 'object' && typeof given !== 'function') || given === null) return { options: given, isModule: false };
    const [credentials, name, type]: unknown[] = [read(given, 'credentials'), read(given, 'name'), read(given, 'type')];
    const kind = type === undefined ? type : `${type}`;
    return { options: { credentials, name, type: kind }, isModule: kind === 'module' };
  };
  const guarded: typeof Worker = new Proxy(Worker, {
    construct: (target, [script, given], self) => {
      const { options, isModule } = readOptions(given);
      return construct(target, [closed(script, isModule), options], self === guarded ? target : self);
    },
  });
  Worker.prototype.constructor = guarded;
  window.Worker = guarded;
}
