import { type AllowedDomain, matchAllowedDomain } from '#shared/allowed-domain.ts';
import { type ResolvedAuth, resolveAuth } from '#shared/auth-policy.ts';
import { type CaptureRequest, needsScriptScope } from '#shared/capture-request.ts';
import type { FieldError } from '#shared/problem.ts';
import { parseTargetUrl, type TargetUrl } from '#shared/target-url.ts';
import { type Actor, requireScope } from '../access/actor.ts';
import { shownDomain } from '../access/allowed-domains.ts';
import { AppError } from '../app-error.ts';

const HTTPS_PORT = 443;
export type Domains = { workspace: readonly AllowedDomain[]; key: readonly AllowedDomain[] | null };
export type Admitted = { target: TargetUrl; auth: ResolvedAuth | null };

/** Refuses an actor without the scopes that a request needs. */
export function requireCaptureScopes(actor: Actor, request: CaptureRequest): void {
  requireScope(actor, 'captures:create');
  if (needsScriptScope(request)) requireScope(actor, 'captures:script');
}

/**
 * Decides whether a request may be captured at all and resolves what depends on the target. Refuses, in this order: the
 * URL by its form or its port (`invalid_target_url`), a host that is not allowed (`domain_not_allowed`), an auth state or an action
 * that goes beyond the allowed domains (`invalid_request`, each fault with its path). `narrowed` is what both lists allow.
 */
export function admitRequest(request: CaptureRequest, domains: Domains, narrowed: readonly AllowedDomain[]): Admitted {
  const parsed = parseTargetUrl(request.url);
  if (!parsed.ok) throw new AppError('invalid_target_url', parsed.message, { errors: [{ path: 'url', message: parsed.message }] });
  const { target } = parsed;
  if (!matchAllowedDomain(narrowed, target.host, target.port)) throw portFault(target, domains) ?? domainNotAllowed(target, domains);
  const resolved = request.auth ? resolveAuth(request.auth, target, narrowed) : null;
  const errors = [...(resolved?.errors ?? []), ...gotoErrors(request, target, narrowed)];
  if (errors.length > 0)
    throw new AppError('invalid_request', errors.map((error) => `${error.path}: ${error.message}`).join('; '), { errors });
  return { target, auth: resolved?.auth ?? null };
}

/** A port other than 443 that no entry of the workspace names is a fault of the URL; what an entry allows the key may not be. */
function portFault(target: TargetUrl, { workspace }: Domains): AppError | null {
  if (target.port === HTTPS_PORT || matchAllowedDomain(workspace, target.host, target.port)) return null;
  const shown = shownDomain(target);
  const message = `Port ${target.port} is not allowed: leave it out, or add \`${shown}\` to the allowed domains.`;
  return new AppError('invalid_target_url', message, { errors: [{ path: 'url', message }] });
}

function domainNotAllowed(target: TargetUrl, domains: Domains): AppError {
  const shown = shownDomain(target);
  const byKeyOnly = matchAllowedDomain(domains.workspace, target.host, target.port) !== undefined;
  const detail = byKeyOnly
    ? `${shown} is an allowed domain of the workspace, but this API key is narrowed to others: use a key that covers it.`
    : `${shown} is not an allowed domain. Add it in the console under Allowed domains, or with \`sessionshot domains add ${shown}\`.`;
  return new AppError('domain_not_allowed', detail);
}

function gotoErrors(request: CaptureRequest, target: TargetUrl, domains: readonly AllowedDomain[]): FieldError[] {
  return request.actions.flatMap((action, index) => {
    const fault = action.type === 'goto' ? gotoFault(action.url, target, domains) : null;
    return fault ? [{ path: `actions[${index}].url`, message: fault }] : [];
  });
}

function gotoFault(url: string, target: TargetUrl, domains: readonly AllowedDomain[]): string | null {
  const absolute = /^[a-z][a-z0-9+.-]*:/i.test(url);
  if (!absolute && !URL.canParse(url, target.href)) return 'is neither an https URL nor a path on the target';
  const parsed = parseTargetUrl(absolute ? url : new URL(url, target.href).href);
  if (!parsed.ok) return parsed.message;
  return matchAllowedDomain(domains, parsed.target.host, parsed.target.port)
    ? null
    : `${shownDomain(parsed.target)} is not an allowed domain`;
}
