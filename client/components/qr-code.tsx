import encodeQr from 'qr';

/** Light modules around the code, without which cameras do not find it. */
const QUIET_ZONE = 4;

/** A text as a QR code: dark on white in every colour scheme, since many cameras read no other. */
export function QrCode({ value, label }: { value: string; label: string }) {
  const rows = encodeQr(value, 'raw', { ecc: 'medium', border: QUIET_ZONE });
  const path = rows.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  return (
    <svg className="qr-code" role="img" aria-label={label} viewBox={`0 0 ${rows.length} ${rows.length}`} shapeRendering="crispEdges">
      <rect width={rows.length} height={rows.length} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
