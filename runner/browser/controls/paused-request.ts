/** A request that the browser holds until it is answered, as CDP's Fetch domain tells it; with a status it is a response. */
export type PausedRequest = {
  requestId: string;
  frameId: string;
  resourceType: string;
  request: {
    url: string;
    method: string;
    headers: Record<string, string>;
    postData?: string | undefined;
    hasPostData?: boolean | undefined;
  };
  responseStatusCode?: number | undefined;
  responseErrorReason?: string | undefined;
  responseHeaders?: { name: string; value: string }[] | undefined;
};

/** How the answers are sent: by the session that told of the request. */
export type SendCommand = (method: string, params: Record<string, unknown>) => Promise<unknown>;

export type FetchPattern = { urlPattern: string; resourceType?: 'Image' | 'Other'; requestStage?: 'Response' };

/** What the controls of a capture do to requests; `patterns` says which ones have to be held. */
export type RequestControls = {
  patterns: FetchPattern[];
  isReadOnly: boolean;
  /** Whether this request is kept from being sent. The main document by GET never is. */
  refuses(event: PausedRequest, isMainDocument: boolean): boolean;
  /** Answers a held response, changed or as it is. Rejects when the request is gone. */
  answer(event: PausedRequest, send: SendCommand): Promise<void>;
};

/** Ends a held request. A document is let go rather than refused: a refusal would put the browser's error page in its place. */
export function refusal(event: PausedRequest): { requestId: string; errorReason: 'Aborted' | 'BlockedByClient' } {
  return { requestId: event.requestId, errorReason: event.resourceType === 'Document' ? 'Aborted' : 'BlockedByClient' };
}
