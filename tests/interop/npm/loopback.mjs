// A fetch for the libraries that reaches only this machine, over HTTP. `localhost` and all names
// below it mean 127.0.0.1 (RFC 6761 §6.3); no resolver is asked, since not every resolver knows
// this. The request stays as the library made it, including its `Host`.

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
