// A conversation with the test: one JSON object per line, a question on standard input and its
// answer on standard output. A question names what is to be done. Its answer is `{"answer": …}`, or
// `{"refused": …}` with what a library's error says. It ends when the test closes standard input.

import { createInterface } from 'node:readline';

// Libraries say how they should be configured for production: that is no answer.
console.info = console.error;

// What identifies a refusal. Messages are for people and change with the version, so they come last
// and are not compared.
function described(error) {
  // openid-client wraps the errors of oauth4webapi.
  const claim = error.cause?.claim ?? error.cause?.cause?.claim;
  const challenges = Array.isArray(error.cause) ? error.cause : undefined;
  const { name, code, status, error: oauthError, error_description } = error;
  return { name, code, status, error: oauthError, error_description, claim, challenges, message: error.message };
}

export function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

export async function converse(actions) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { do: action, ...parameters } = JSON.parse(line);
    try {
      say({ answer: (await actions[action](parameters)) ?? null });
    } catch (error) {
      say({ refused: described(error) });
    }
  }
}
