import type { OpenAPIV3_1 } from 'openapi-types';
import { FAILURE_CODES, FAILURES, type RetryClass } from '#shared/failure.ts';
import { PROBLEMS } from '#shared/problem.ts';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
code, pre { font: 0.9em ui-monospace, monospace; }
pre { background: var(--soft); padding: 0.75rem; overflow-x: auto; border-radius: 6px; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: 0.35rem 0.6rem; border-bottom: 1px solid var(--line); }
section { border-top: 1px solid var(--line); margin-top: 2rem; }
nav ul { list-style: none; padding: 0; }
.method { font-weight: 700; text-transform: uppercase; }
details { margin: 0.5rem 0; }
`;

const RETRY_SAYS: Record<RetryClass, string> = {
  never: 'no',
  target: 'a few times, unless actions have run',
  service: 'yes',
};

/** Renders the reference as one page, from the document alone: no script, no other host, readable without either. */
export function renderApiDocs(document: OpenAPIV3_1.Document, nonce: string): string {
  const operations = listOperations(document);
  const schemas = Object.entries(document.components?.schemas ?? {});
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(document.info.title)} API</title><style nonce="${text(nonce)}">${STYLE}</style></head>
<body>
<header><h1>${text(document.info.title)} API</h1><p>${prose(document.info.description)}</p>
<p>The same as a machine reads it: <a href="/api/openapi.json">openapi.json</a> (OpenAPI ${text(document.openapi)}).</p></header>
<nav aria-label="Operations"><ul>${operations.map(({ id, method, path, operation }) => `<li><a href="#${text(id)}"><code><span class="method">${method}</span> ${text(path)}</code></a> ${text(operation.summary)}</li>`).join('')}<li><a href="#codes">Codes of problems and of failures</a></li></ul></nav>
<main>${operations.map(renderOperation).join('')}
${renderCodes()}
<section id="schemas"><h2>Schemas</h2>${schemas.map(([name, schema]) => `<details id="schema-${text(name)}"><summary><code>${text(name)}</code></summary>${renderJson(schema)}</details>`).join('')}</section>
</main></body></html>`;
}

type Listed = { id: string; method: (typeof METHODS)[number]; path: string; operation: OpenAPIV3_1.OperationObject };

function listOperations(document: OpenAPIV3_1.Document): Listed[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item?.[method];
      return operation ? [{ id: operation.operationId ?? `${method}-${path}`, method, path, operation }] : [];
    }),
  );
}

function renderOperation({ id, method, path, operation }: Listed): string {
  return `<section id="${text(id)}"><h2>${text(operation.summary)}</h2>
<p><code><span class="method">${method}</span> ${text(path)}</code></p><p>${prose(operation.description)}</p>
${renderParameters(operation.parameters ?? [])}${renderBody(operation.requestBody)}
<h3>Answers</h3><table><thead><tr><th scope="col">Status</th><th scope="col">Meaning</th><th scope="col">Body</th></tr></thead><tbody>
${Object.entries(operation.responses ?? {})
  .map(([status, response]) => renderResponse(status, response))
  .join('')}</tbody></table></section>`;
}

function renderParameters(parameters: NonNullable<OpenAPIV3_1.OperationObject['parameters']>): string {
  const rows = parameters.flatMap((parameter) => ('$ref' in parameter ? [] : [parameter]));
  if (rows.length === 0) return '';
  return `<h3>Parameters</h3><table><thead><tr><th scope="col">Name</th><th scope="col">In</th><th scope="col">Description</th></tr></thead><tbody>
${rows.map((row) => `<tr><td><code>${text(row.name)}</code>${row.required ? ' (required)' : ''}</td><td>${text(row.in)}</td><td>${prose(row.description)}</td></tr>`).join('')}</tbody></table>`;
}

function renderBody(body: OpenAPIV3_1.OperationObject['requestBody']): string {
  if (!body || '$ref' in body) return '';
  const json = body.content['application/json'];
  const example = json?.example === undefined ? '' : renderJson(json.example);
  return json ? `<h3>Body</h3><p>${schemaLink(json.schema)}</p>${example}` : '';
}

function renderResponse(status: string, response: OpenAPIV3_1.ReferenceObject | OpenAPIV3_1.ResponseObject): string {
  if ('$ref' in response) return '';
  const [type, media] = Object.entries(response.content ?? {})[0] ?? [];
  return `<tr><td><code>${text(status)}</code></td><td>${prose(response.description)}</td><td>${type ? `<code>${text(type)}</code> ${schemaLink(media?.schema)}` : 'none'}</td></tr>`;
}

/**
 * Lists every code once, with the anchor that `type` of problems and `error.docs` of captures point to: one code is both
 * (`internal`), and an anchor can only be there once.
 */
function renderCodes(): string {
  const problems = new Map(Object.entries(PROBLEMS));
  const failures = new Map(FAILURE_CODES.map((code) => [String(code), FAILURES[code]]));
  const rows = [...new Set([...problems.keys(), ...failures.keys()])].sort().map((code) => {
    const problem = problems.get(code);
    const failed = failures.get(code);
    return `<tr id="${text(code)}"><th scope="row"><code>${text(code)}</code></th><td>${problem ? `<code>${problem.status}</code> ${prose(problem.title)}.` : ''}</td><td>${failed ? prose(failed.says) : ''}</td><td>${text(failed?.blame)}</td><td>${failed ? RETRY_SAYS[failed.retry] : ''}</td></tr>`;
  });
  return `<section id="codes"><h2>Codes</h2><p>${prose('A refused call is a problem with its `code`; a capture that fails has its code in `error.code`.')}</p>
<table><thead><tr><th scope="col">Code</th><th scope="col">As a problem</th><th scope="col">As a failure of a capture</th><th scope="col">Whose move</th><th scope="col">Tried again</th></tr></thead><tbody>
${rows.join('')}</tbody></table></section>`;
}

function schemaLink(schema: object | undefined): string {
  const reference = schema && '$ref' in schema && typeof schema.$ref === 'string' ? schema.$ref : undefined;
  const name = reference?.split('/').at(-1);
  if (name) return `<a href="#schema-${text(name)}"><code>${text(name)}</code></a>`;
  return schema ? `<details><summary>Schema</summary>${renderJson(schema)}</details>` : '';
}

function renderJson(value: unknown): string {
  return `<pre tabindex="0">${text(JSON.stringify(value, null, 2))}</pre>`;
}

/** Escapes, then shows what stands between backticks as code. */
function prose(value: string | undefined): string {
  return text(value).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function text(value: string | undefined): string {
  return (value ?? '').replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
