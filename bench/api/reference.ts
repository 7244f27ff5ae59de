import fastify from 'fastify';
import pg from 'pg';

/**
 * What the accept path is compared with: a Fastify that does nothing but one INSERT of the body it was sent, and one SELECT by
 * its key. The pool is as large as that of the product's server. Started with the URL of a database as its argument.
 */
const POOL_MAX = 20;

const pool = new pg.Pool({ connectionString: process.argv[2], max: POOL_MAX });
await pool.query('create table if not exists entry (id bigint generated always as identity primary key, body jsonb not null)');
const app = fastify();
app.post('/entries', async (request, reply) => {
  const { rows } = await pool.query('insert into entry (body) values ($1) returning id', [JSON.stringify(request.body)]);
  return await reply.code(202).send({ id: rows[0].id });
});
app.get<{ Params: { id: string } }>('/entries/:id', async (request) => {
  const { rows } = await pool.query('select id, body from entry where id = $1', [request.params.id]);
  return rows[0];
});
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${JSON.stringify({ event: 'ready', url })}\n`);
process.once('SIGTERM', () => void app.close().then(() => pool.end()));
