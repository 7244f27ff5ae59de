import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

/**
 * Sets the security headers. Scripts and styles come from this server alone (styles that libraries add at run time carry
 * the nonce); images, frames and fetches also from the storage that signed links point to. Nothing is upgraded to https
 * unless people reach the server by https: a plain-http instance in a private network would lose its assets.
 */
export async function setSecurityHeaders(app: FastifyInstance, options: { blobOrigin: string; isHttps: boolean }): Promise<void> {
  const { blobOrigin, isHttps } = options;
  await app.register(helmet, {
    enableCSPNonces: true,
    xFrameOptions: { action: 'deny' }, // as `frame-ancestors` says to newer browsers
    strictTransportSecurity: isHttps ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    crossOriginOpenerPolicy: isHttps ? { policy: 'same-origin' } : false, // browsers warn about it on plain http
    originAgentCluster: isHttps,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'self'"],
        'script-src': ["'self'"],
        'style-src': ["'self'"],
        'img-src': ["'self'", 'data:', 'blob:', blobOrigin],
        'frame-src': ["'self'", 'blob:', blobOrigin],
        'connect-src': ["'self'", blobOrigin],
        'object-src': ["'none'"],
        'base-uri': ["'none'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
        ...(isHttps ? { 'upgrade-insecure-requests': [] } : {}),
      },
    },
  });
}
