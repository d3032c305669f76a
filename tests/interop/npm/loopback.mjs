// HTTP on this machine and nowhere else, for libraries that let their caller fetch.
// `localhost` and every name below it mean 127.0.0.1, without asking a resolver (RFC 6761 §6.3):
// not every resolver knows. The request itself stays as the library made it, its `Host` included.

export async function loopback(input, options) {
  const url = new URL(input);
  const host = url.host;
  if (url.hostname === 'localhost' || url.hostname.endsWith('.localhost')) {
    url.hostname = '127.0.0.1';
  }
  if (url.protocol !== 'http:' || url.hostname !== '127.0.0.1') {
    throw new Error('only http on loopback is fetched');
  }
  const headers = new Headers(options?.headers);
  headers.set('host', host);
  return fetch(url, { ...options, headers });
}
