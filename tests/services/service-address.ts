type ServiceName =
  | 'SESSIONSHOT_TEST_DATABASE_URL'
  | 'SESSIONSHOT_TEST_DATABASE_CA_FILE'
  | 'SESSIONSHOT_TEST_DATABASE_LOG_FILE'
  | 'SESSIONSHOT_TEST_RABBITMQ_URL'
  | 'SESSIONSHOT_TEST_RABBITMQ_SERVER_URL'
  | 'SESSIONSHOT_TEST_RABBITMQ_RUNNER_URL'
  | 'SESSIONSHOT_TEST_RABBITMQ_LOG_FILE'
  | 'SESSIONSHOT_TEST_BLOB_CONNECTION_STRING'
  | 'SESSIONSHOT_TEST_BLOB_LOG_FILE'
  | 'SESSIONSHOT_TEST_BLOB_HTTPS_URL'
  | 'SESSIONSHOT_TEST_BLOB_HTTPS_CA_FILE';

/** The address of a service that the global set-up started. A missing one is a failure, never a skipped test. */
export function serviceAddress(name: ServiceName): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this test with \`npm test\`, which starts the services`);
  return value;
}
