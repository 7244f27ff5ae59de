import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { buildOpenApiDocument } from '#server/api/openapi.ts';

type Checked = { status: number; headers: Headers; body: unknown; text: string };
type Document = Awaited<ReturnType<typeof buildOpenApiDocument>>;

let loading: Promise<{ document: Document; ajv: Ajv2020 }> | undefined;

/** Holds an answer against the document: a described status, the described content type, the described body. */
export async function checkAgainstDocument(method: string, path: string, answer: Checked): Promise<void> {
  loading ??= load();
  const { document, ajv } = await loading;
  const pathname = path.split('?')[0] ?? '';
  const templates = Object.keys(document.paths ?? {});
  const isLike = (known: string) => new RegExp(`^${known.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(pathname);
  const template = templates.find((known) => known === pathname) ?? templates.find(isLike);
  const operation = template === undefined ? undefined : Reflect.get(document.paths?.[template] ?? {}, method.toLowerCase());
  if (template === undefined || operation === undefined) return; // unknown paths and methods are no part of the document
  const response = operation.responses[String(answer.status)];
  if (!response)
    throw new Error(`${method} ${template} answered ${answer.status}, which the document does not describe: ${answer.text.slice(0, 300)}`);
  if (answer.text === '') return;
  const type = (answer.headers.get('content-type') ?? '').split(';')[0] ?? '';
  if (!response.content?.[type])
    throw new Error(`${method} ${template} ${answer.status} answered ${type}, which the document does not describe`);
  const place = ['paths', template, method.toLowerCase(), 'responses', String(answer.status), 'content', type, 'schema'];
  const validate = ajv.getSchema(
    `doc#/${place.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`,
  );
  if (!validate) throw new Error(`No schema at ${place.join('/')}`);
  if (!validate(answer.body))
    throw new Error(
      `${method} ${template} ${answer.status} does not match the document: ${ajv.errorsText(validate.errors)}\n${answer.text.slice(0, 500)}`,
    );
}

async function load() {
  const document = await buildOpenApiDocument();
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema({ $id: 'doc', ...document });
  return { document, ajv };
}
