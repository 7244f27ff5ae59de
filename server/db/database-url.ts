type Address = { clientUrl: string; driverOptions: { connectionString: string } };

/**
 * How the ORM is to reach the database of a URL. The ORM by itself takes host, user and name out of it and drops the
 * rest, `sslmode` among it, and would then speak in clear where TLS was asked for: the driver is given the whole of it.
 */
export function addressOf(databaseUrl: string): Address {
  return { clientUrl: databaseUrl, driverOptions: { connectionString: databaseUrl } };
}

/**
 * The same database, entered as `role`: a setting of the connection's start, which `reset role` goes back to, too. It
 * comes last, because the database takes the last of several.
 */
export function enteredAs(databaseUrl: string, role: string): string {
  const url = new URL(databaseUrl);
  const given = url.searchParams.get('options');
  url.searchParams.set('options', `${given ? `${given} ` : ''}-c role=${role}`);
  return url.href;
}
